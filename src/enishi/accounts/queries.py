"""Reading users, teams, projects, roles and tokens; building actors."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Granted, Level, Via, rights
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


# ruff: noqa: S608  (the statements below are put together from each other, never from what somebody typed)

# Which active person holds which role where, themselves or through a team.
_HELD = """
WITH held AS (
    SELECT g.role_id, g.project_id, u.id AS user_id
    FROM accounts_grant g
    LEFT JOIN accounts_team_members m ON m.team_id = g.team_id
    JOIN accounts_user u ON u.id = coalesce(g.user_id, m.user_id) AND u.is_active
)
"""
_ACCESS = (
    _HELD.replace("WITH", "WITH RECURSIVE", 1)
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
_HELD_BY_HOLDERS = (
    _HELD
    + """
SELECT user_id, role_id, project_id FROM held
WHERE user_id IN (SELECT user_id FROM held WHERE role_id = %s)
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


def organisation() -> Organisation:
    """The one row about the organisation; unsaved defaults before it was named."""
    return Organisation.objects.filter(pk=1).first() or Organisation(pk=1, name="Enishi")


def language_of(email: str) -> str:
    """The language to write to that address in: its user's, else the organisation's."""
    user = User.objects.filter(email__iexact=email).only("language").first()
    return user.language if user else organisation().language


def has_second_factor(user: User, *, besides: Authenticator | None = None) -> bool:
    """Whether a code or a key is asked at sign-in; recovery codes alone are none."""
    found = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return bool((found.exclude(pk=besides.pk) if besides else found).exists())


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
        cursor.execute(_HELD + "SELECT role_id, count(DISTINCT user_id) FROM held GROUP BY role_id")
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


@dataclass(frozen=True)
class Rule:
    """One rule on the way to a decision: ``holds`` None when an earlier rule already decided."""

    kind: str
    holds: bool | None
    text: str


@dataclass(frozen=True)
class Explanation:
    """Why somebody can or cannot see a record: one sentence, then the rules in the order in which they are asked."""

    visible: bool
    sentence: str
    rules: list[Rule]


def explain(user: User, view_right: str, project_ids: Iterable[int], level: int) -> Explanation:
    """Why ``user`` can or cannot see a record of that right, those projects and that confidentiality.

    Decides by ``Actor.scope``, as every query does; the rules only say in words what it asked.
    """
    ids = list(project_ids)
    subject = actor(user, via=Via.WEB)
    scope = subject.scope(view_right)
    inside = [project_id for project_id in ids if scope.clearance(project_id) is not None]
    clearance = subject.clearance(view_right, ids)
    words = {
        "name": str(user),
        "right": rights()[view_right],
        "projects": ", ".join(
            Project.objects.filter(pk__in=ids).order_by("name").values_list("name", flat=True)
        ),
        "level": str(Level(level).label).lower(),
        "clearance": str(Level(max(clearance, 0)).label).lower(),
        "roles": ", ".join(sorted({g.role.name for g in grants_of(user) if view_right in g.role.codes})),
    }
    asked = [
        ("account", user.is_active, *_account_words(user.is_active)),
        ("right", not scope.empty, *_right_words(not scope.empty)),
        ("project", bool(inside), *_project_words(bool(inside), everywhere=scope.everywhere is not None)),
        ("level", clearance >= level, *_level_words(clearance >= level)),
    ]
    deciding = next((index for index, rule in enumerate(asked) if not rule[1]), len(asked))
    rules = [
        Rule(kind, holds if index <= deciding else None, text % words)
        for index, (kind, holds, text, _sentence) in enumerate(asked)
        if index <= deciding
    ]
    if deciding == len(asked):
        return Explanation(True, _("%(name)s can see it.") % words, rules)
    return Explanation(False, asked[deciding][3] % words, rules)


def _account_words(holds: bool) -> tuple[str, str]:
    return (
        _("The account is active.") if holds else _("The account is not active, this decides."),
        _("%(name)s cannot see it: the account is not active."),
    )


def _right_words(holds: bool) -> tuple[str, str]:
    return (
        _("A role gives the right “%(right)s”: %(roles)s.")
        if holds
        else _("No role gives the right “%(right)s”, this decides."),
        _("%(name)s cannot see it: no role gives the right “%(right)s”."),
    )


def _project_words(holds: bool, *, everywhere: bool) -> tuple[str, str]:
    if everywhere:
        text = _("The role is given everywhere.")
    elif holds:
        text = _("The record belongs to a project in which the role is given: %(projects)s.")
    else:
        text = _("The role is given in none of the projects of the record (%(projects)s), this decides.")
    return text, _("%(name)s cannot see it: the role is given in other projects.")


def _level_words(holds: bool) -> tuple[str, str]:
    return (
        _("The record is %(level)s, the role reads up to %(clearance)s.")
        if holds
        else _("The record is %(level)s, the role reads only up to %(clearance)s, this decides."),
        _("%(name)s cannot see it: it is %(level)s, and the role reads only up to %(clearance)s."),
    )


@dataclass(frozen=True)
class RoleEffect:
    """What changing a role would do to the people who hold it. ``gains`` and ``losses``: right -> people."""

    people: int
    changes: int
    gains: dict[str, int]
    losses: dict[str, int]
    clearance: int | None = None


def role_effect(role: Role, *, codes: Iterable[str], clearance: int) -> RoleEffect:
    """Who would gain or lose which right: whoever has it there by another role gains and loses nothing."""
    after, before = frozenset(codes), frozenset(role.codes)
    held = _held_by_holders(role)
    above = dict(Project.objects.values_list("pk", "parent_id"))
    granted = dict(Role.objects.values_list("pk", "codes"))
    gains: dict[str, int] = {}
    losses: dict[str, int] = {}
    for code in sorted(after ^ before):
        others = {role_id for role_id, listed in granted.items() if role_id != role.pk and code in listed}
        found = gains if code in after else losses
        found[code] = sum(
            any(
                not _covered(place, {p for other, p in places if other in others}, above)
                for given, place in places
                if given == role.pk
            )
            for places in held.values()
        )
    return RoleEffect(
        people=len(held),
        changes=len(after ^ before) + (clearance != role.clearance),
        gains={code: n for code, n in gains.items() if n},
        losses={code: n for code, n in losses.items() if n},
        clearance=clearance if clearance != role.clearance else None,
    )


def _held_by_holders(role: Role) -> dict[int, set[tuple[int, int | None]]]:
    """For each active person who holds that role: every role they hold and where."""
    held: dict[int, set[tuple[int, int | None]]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_HELD_BY_HOLDERS, [role.pk])
        for user_id, role_id, project_id in cursor.fetchall():
            held[user_id].add((role_id, project_id))
    return dict(held)


def _covered(place: int | None, places: set[int | None], above: Mapping[int, int | None]) -> bool:
    """Whether a right held at these places also holds at ``place``: there, above it, or everywhere."""
    if None in places:
        return True
    while place is not None:
        if place in places:
            return True
        place = above.get(place)
    return False
