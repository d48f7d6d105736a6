"""Reading users, teams, projects, roles and tokens."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from enishi.accounts.access import Actor
from enishi.accounts.models import ApiToken, Grant, Organisation, Project, ProtectedField, Role, Team, User
from enishi.accounts.prepared import prepared
from enishi.core import clock

# ruff: noqa: S608  (the statements below are put together from each other, never from what somebody typed)

# Which active person holds which role where, themselves or through a team.
HELD = """
WITH held AS (
    SELECT g.role_id, g.project_id, u.id AS user_id
    FROM accounts_grant g
    LEFT JOIN accounts_team_members m ON m.team_id = g.team_id
    JOIN accounts_user u ON u.id = coalesce(g.user_id, m.user_id) AND u.is_active
)
"""
_ACCESS = (
    HELD.replace("WITH", "WITH RECURSIVE", 1)
    + """
, up AS (
    SELECT id, parent_id FROM accounts_project WHERE id = %s
    UNION SELECT p.id, p.parent_id FROM accounts_project p JOIN up ON up.parent_id = p.id
)
SELECT u.id, u.name, array_agg(DISTINCT r.name)
FROM held
JOIN accounts_user u ON u.id = held.user_id
JOIN accounts_role r ON r.id = held.role_id
WHERE held.project_id IS NULL OR held.project_id IN (SELECT id FROM up)
GROUP BY u.id, u.name ORDER BY u.name, u.id
"""
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


@prepared
def _organisation() -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk=1)


def organisation() -> Organisation:
    """The one row about the organisation; unsaved defaults before it was named."""
    return _organisation.first() or Organisation(pk=1, name="Enishi")


def protected_fields() -> set[str]:
    """The fields that are seen only through roles that name them."""
    return set(ProtectedField.objects.values_list("name", flat=True))


def roles_showing() -> dict[str, list[str]]:
    """The names of the roles that show each protected field."""
    found: dict[str, list[str]] = {}
    for name, shown in (
        Role.objects.exclude(seen_fields=[]).order_by("name").values_list("name", "seen_fields")
    ):
        for field in shown:
            found.setdefault(field, []).append(name)
    return found


def language_of(email: str) -> str:
    """The language to write to that address in: its user's, else the organisation's."""
    user = User.objects.filter(email__iexact=email).only("language").first()
    return user.language if user else organisation().language


def has_second_factor(user: User, *, besides: Authenticator | None = None) -> bool:
    """Whether a code or a key is asked at sign-in; recovery codes alone are none."""
    found = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return bool((found.exclude(pk=besides.pk) if besides else found).exists())


def needs_second_factor(user: User) -> bool:
    """Whether the organisation, or a role of this user, asks for one."""
    return (
        organisation().require_second_factor
        or grants_of(user).filter(role__require_second_factor=True).exists()
    )


def without_second_factor(role: Role) -> int:
    """How many active people hold that role and have no second factor yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            HELD
            + """
            SELECT count(DISTINCT user_id) FROM held
            WHERE role_id = %s AND NOT EXISTS (
                SELECT 1 FROM mfa_authenticator a WHERE a.user_id = held.user_id AND a.type <> %s
            )
            """,
            [role.pk, Authenticator.Type.RECOVERY_CODES],
        )
        return int(cursor.fetchone()[0])


def projects(actor: Actor, right: str = "contacts.view") -> QuerySet[Project]:
    """The projects in which the actor holds a right for some records at least, by name, without archived ones."""
    scope = actor.scope(right).some
    found = Project.objects.filter(archived_at__isnull=True)
    if scope.everywhere is None:
        found = found.filter(pk__in=list(scope.projects))
    return found.order_by("name", "id")


@prepared
def listed_projects(actor: Actor, *, right: str = "contacts.view") -> QuerySet[Project]:
    """The same as a list."""
    return projects(actor, right)


@prepared
def projects_among(actor: Actor, ids: list[int], *, right: str = "contacts.view") -> QuerySet[Project]:
    """Those of the projects in which the actor holds a right for some records at least, by name."""
    return projects(actor, right).filter(pk__among=ids)


def project(actor: Actor, project_id: int, right: str = "contacts.view") -> Project:
    """One project within the actor's rights; raises Project.DoesNotExist otherwise."""
    scope = actor.scope(right).some
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


def active_user(user_id: int) -> User | None:
    return User.objects.filter(pk=user_id, is_active=True).first()


def people(
    *, search: str = "", active: bool | None = True, after: tuple[str, int] | None = None
) -> QuerySet[User]:
    """Users by name with their roles and ``second_factor``; ``after`` is the name and id where the page before ended."""
    found = users(active=active).annotate(
        second_factor=Exists(
            Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
        )
    )
    if search:
        found = found.filter(Q(name__icontains=search) | Q(email__icontains=search))
    if after is not None:
        found = found.filter(Q(name__gt=after[0]) | Q(name=after[0], pk__gt=after[1]))
    granted = Grant.objects.select_related("role", "project")
    return found.prefetch_related(
        Prefetch("grants", queryset=granted), Prefetch("teams__grants", queryset=granted)
    )


def person(user_id: int) -> User:
    """One user with ``second_factor``; raises User.DoesNotExist."""
    return people(active=None).get(pk=user_id)


def teams() -> QuerySet[Team]:
    return Team.objects.order_by("name").prefetch_related("members")


def roles() -> QuerySet[Role]:
    return Role.objects.order_by("name")


def team(team_id: int) -> Team:
    return teams().get(pk=team_id)


def role(role_id: int) -> Role:
    return Role.objects.get(pk=role_id)


def grant(grant_id: int) -> Grant:
    return Grant.objects.select_related("role", "user", "team", "project").get(pk=grant_id)


def role_sizes() -> dict[int, int]:
    """How many active people hold each role, themselves or through a team."""
    with connection.cursor() as cursor:
        cursor.execute(HELD + "SELECT role_id, count(DISTINCT user_id) FROM held GROUP BY role_id")
        return dict(cursor.fetchall())


def role_places(role: Role) -> int:
    """In how many projects a role is given; everywhere counts as one."""
    return Grant.objects.filter(role=role).aggregate(n=Count("project", distinct=True))["n"] or 0


def grants_of(user: User) -> QuerySet[Grant]:
    """The user's own grants and those through teams."""
    return (
        Grant.objects.filter(Q(user=user) | Q(team__members=user))
        .select_related("role", "project", "team")
        .distinct()
        .order_by("project__name", "role__name")
    )


def grants_of_team(team: Team) -> QuerySet[Grant]:
    return (
        Grant.objects.filter(team=team)
        .select_related("role", "project")
        .order_by("project__name", "role__name")
    )


@dataclass(frozen=True)
class Access:
    """Somebody with access to a project, and by which roles."""

    user_id: int
    name: str
    roles: list[str]


def access_to(project: Project) -> list[Access]:
    """Active people with a role in that project: given there, above it or everywhere, to them or to their team."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCESS, [project.pk])
        return [Access(*row) for row in cursor.fetchall()]


def children(project: Project) -> QuerySet[Project]:
    return Project.objects.filter(parent=project, archived_at__isnull=True).order_by("name", "id")


def all_projects() -> QuerySet[Project]:
    """Every project, archived ones too, for those who set them up."""
    return Project.objects.order_by("name", "id")


def any_project(project_id: int) -> Project:
    """One of them; raises Project.DoesNotExist."""
    return Project.objects.get(pk=project_id)


def tokens(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own tokens, newest first."""
    return ApiToken.objects.filter(user_id=actor.own_id).order_by("-created_at")


def token(actor: Actor, token_id: int) -> ApiToken:
    """One of the actor's own tokens; raises ApiToken.DoesNotExist."""
    return tokens(actor).get(pk=token_id)


def ids_below(project: Project) -> tuple[int, ...]:
    """A project and everything below it, archived ones too: what was said there was said."""
    found, parents = {project.pk}, dict(Project.objects.values_list("pk", "parent_id"))
    grew = True
    while grew:
        below = {pk for pk, parent in parents.items() if parent in found} - found
        grew, found = bool(below), found | below
    return tuple(sorted(found))
