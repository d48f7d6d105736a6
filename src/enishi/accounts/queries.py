"""Reading users, teams, projects, roles and tokens; building actors."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.db import connection
from django.db.models import Q, QuerySet

from enishi.accounts.access import Actor, Granted, Via
from enishi.accounts.models import ApiToken, Grant, Organisation, Project, Role, Team, User
from enishi.core import clock

_GRANTS = """
WITH RECURSIVE reach AS (
    SELECT g.project_id, r.codes, r.clearance
    FROM accounts_grant g JOIN accounts_role r ON r.id = g.role_id
    WHERE g.user_id = %(user)s
       OR g.team_id IN (SELECT team_id FROM accounts_team_members WHERE user_id = %(user)s)
    UNION
    SELECT p.id, reach.codes, reach.clearance
    FROM reach JOIN accounts_project p ON p.parent_id = reach.project_id
)
SELECT project_id, codes, clearance FROM reach
"""


def actor(
    user: User, *, via: Via, request_id: uuid.UUID | None = None, token_scopes: Iterable[str] | None = None
) -> Actor:
    """Build the actor of a user in one query: roles of the user and of their teams, down the tree of projects."""
    with connection.cursor() as cursor:
        cursor.execute(_GRANTS, {"user": user.pk})
        grants = tuple(
            Granted(project_id, frozenset(codes), clearance)
            for project_id, codes, clearance in cursor.fetchall()
        )
    return Actor(
        user_id=user.pk,
        name=str(user),
        via=via,
        grants=grants,
        token_scopes=None if token_scopes is None else frozenset(token_scopes),
        language=user.language,
        request_id=request_id or uuid.uuid4(),
    )


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def token_by_secret(secret: str) -> ApiToken | None:
    """The valid token with that secret, with its user; None when unknown, expired, revoked or of an inactive user."""
    return (
        ApiToken.objects.select_related("user")
        .filter(
            digest=digest(secret), revoked_at__isnull=True, expires_at__gt=clock.now(), user__is_active=True
        )
        .first()
    )


def organisation() -> Organisation:
    """The one row about the organisation; unsaved defaults before it was named."""
    return Organisation.objects.filter(pk=1).first() or Organisation(pk=1, name="Enishi")


def projects(actor: Actor, right: str = "contacts.view") -> QuerySet[Project]:
    """The projects in which the actor holds a right, by name, without archived ones."""
    scope = actor.scope(right)
    found = Project.objects.filter(archived_at__isnull=True)
    if scope.everywhere is None:
        found = found.filter(pk__in=list(scope.projects))
    return found.order_by("name", "id")


def project(actor: Actor, project_id: int, right: str = "contacts.view") -> Project:
    """One project within the actor's rights; raises Project.DoesNotExist otherwise."""
    scope = actor.scope(right)
    found = (
        Project.objects.all()
        if scope.everywhere is not None
        else Project.objects.filter(pk__in=list(scope.projects))
    )
    return found.get(pk=project_id)


def project_tree(found: Iterable[Project]) -> list[tuple[int, Project]]:
    """Projects in tree order with their depth; one whose parent is not among them stands at the top."""
    listed = list(found)
    ids = {project.pk for project in listed}
    children: dict[int | None, list[Project]] = defaultdict(list)
    for item in listed:
        children[item.parent_id if item.parent_id in ids else None].append(item)
    ordered: list[tuple[int, Project]] = []

    def walk(parent: int | None, depth: int) -> None:
        for item in children[parent]:
            ordered.append((depth, item))
            walk(item.pk, depth + 1)

    walk(None, 0)
    return ordered


def users(*, active: bool | None = True) -> QuerySet[User]:
    """Colleagues by name. Who signs in is known to everybody who signs in."""
    found = User.objects.order_by("name", "id")
    return found if active is None else found.filter(is_active=active)


def teams() -> QuerySet[Team]:
    return Team.objects.order_by("name").prefetch_related("members")


def roles() -> QuerySet[Role]:
    return Role.objects.order_by("name")


def grants_of(user: User) -> QuerySet[Grant]:
    """The user's own grants and those through teams."""
    return (
        Grant.objects.filter(Q(user=user) | Q(team__members=user))
        .select_related("role", "project", "team")
        .distinct()
        .order_by("project__name", "role__name")
    )


def tokens(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own tokens, newest first."""
    return ApiToken.objects.filter(user_id=actor.user_id).order_by("-created_at")


def readers(right: str, project_ids: Iterable[int], level: int) -> QuerySet[User]:
    """Who may read a record of that confidentiality in one of these projects: for "you and 3 others may read this"."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE up AS (
                SELECT id, parent_id FROM accounts_project WHERE id = ANY(%(projects)s)
                UNION SELECT p.id, p.parent_id FROM accounts_project p JOIN up ON up.parent_id = p.id
            )
            SELECT DISTINCT coalesce(g.user_id, m.user_id)
            FROM accounts_grant g
            JOIN accounts_role r ON r.id = g.role_id AND %(right)s = ANY(r.codes) AND r.clearance >= %(level)s
            LEFT JOIN accounts_team_members m ON m.team_id = g.team_id
            WHERE g.project_id IS NULL OR g.project_id IN (SELECT id FROM up)
            """,
            {"projects": list(project_ids), "right": right, "level": int(level)},
        )
        ids = [row[0] for row in cursor.fetchall() if row[0] is not None]
    return User.objects.filter(pk__in=ids, is_active=True).order_by("name")
