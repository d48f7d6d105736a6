"""Why somebody can or cannot see something, and what changing a role would do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from enishi.accounts.access import Level, Via, rights
from enishi.accounts.models import Project, Role, User
from enishi.accounts.queries.actors import actor
from enishi.accounts.queries.people import HELD, grants_of

# ruff: noqa: S608  (the statement below is put together from constants)

_HELD_BY_HOLDERS = (
    HELD
    + """
SELECT user_id, role_id, project_id FROM held
WHERE user_id IN (SELECT user_id FROM held WHERE role_id = %s)
"""
)


_MANAGED_BESIDES = (
    HELD
    + """
SELECT EXISTS (
    SELECT 1 FROM held JOIN accounts_role r ON r.id = held.role_id
    WHERE held.project_id IS NULL AND %s = ANY(r.codes) AND r.id <> %s
)
"""
)


@dataclass(frozen=True)
class Rule:
    """One rule on the way to a decision: ``holds`` None when an earlier rule already decided."""

    kind: str
    holds: bool | None
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why somebody can or cannot see or change a record: one sentence, then the rules in the order of asking."""

    visible: bool
    sentence: str
    rules: list[Rule]


def explain(
    user: User,
    view_right: str,
    project_ids: Iterable[int],
    level: int,
    known: tuple[str, int] | None = None,
) -> Explanation:
    """Why ``user`` can or cannot see a record of that right, those projects and that confidentiality.

    Decides by ``Actor.scope``, as every query does; the rules only say in words what it asked. ``known`` is the
    record itself, by kind and number, where it is known.
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
    if known is not None and known[1] in subject.kept_from.get(known[0], ()):
        kept = _("This record is kept from %(name)s.")
        asked.append(("kept", False, kept, _("%(name)s cannot see it: it is kept from them.")))
    deciding = next((index for index, rule in enumerate(asked) if not rule[1]), len(asked))
    details = {"right": _given_by(user, view_right)}
    rules = [
        Rule(kind, holds, text % words, details.get(kind, ()))
        for kind, holds, text, _sentence in asked[: deciding + 1]
    ]
    if deciding == len(asked):
        return Explanation(True, _("%(name)s can see it.") % words, rules)
    return Explanation(False, asked[deciding][3] % words, rules)


def explain_change(user: User, right: str, project_ids: Iterable[int], seen: Explanation) -> Explanation:
    """Why ``user`` can or cannot change a record, given why they can or cannot see it.

    Asks what every service asks: to see the record, and to hold the right in one of its projects.
    """
    ids = list(project_ids)
    subject = actor(user, via=Via.WEB)
    words = {"name": str(user), "right": rights()[right]}
    asked = [
        (
            "seen",
            seen.visible,
            _("It can be seen.") if seen.visible else _("It cannot be seen, this decides."),
            _("%(name)s cannot change it: it cannot even be seen."),
        ),
        (
            "right",
            subject.may(right),
            _("A role gives the right “%(right)s”.")
            if subject.may(right)
            else _("No role gives the right “%(right)s”, this decides."),
            _("%(name)s cannot change it: no role gives the right “%(right)s”."),
        ),
        (
            "project",
            subject.may(right, ids),
            _("That role is given in a project of the record.")
            if subject.may(right, ids)
            else _("That role is given in none of the projects of the record, this decides."),
            _("%(name)s cannot change it: the role with that right is given in other projects."),
        ),
    ]
    deciding = next((index for index, rule in enumerate(asked) if not rule[1]), len(asked))
    details = {"right": _given_by(user, right)}
    rules = [
        Rule(kind, holds, text % words, details.get(kind, ()))
        for kind, holds, text, _sentence in asked[: deciding + 1]
    ]
    if deciding == len(asked):
        return Explanation(True, _("%(name)s can change it.") % words, rules)
    return Explanation(False, asked[deciding][3] % words, rules)


def _given_by(user: User, right: str) -> tuple[str, ...]:
    """Each role of somebody that gives a right: where, up to which level, and through which team."""
    told = []
    for grant in grants_of(user):
        if right in grant.role.codes:
            words = {
                "role": grant.role.name,
                "place": grant.project.name if grant.project else _("every project"),
                "level": str(Level(grant.role.clearance).label).lower(),
                "team": grant.team.name if grant.team else "",
            }
            text = (
                _("%(role)s in %(place)s, up to %(level)s, through the team %(team)s")
                if grant.team
                else _("%(role)s in %(place)s, up to %(level)s")
            )
            told.append(text % words)
    return tuple(told)


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
    locks_out: bool = False


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
        locks_out="accounts.manage" in before - after and not managed_besides(role),
    )


def managed_besides(role: Role) -> bool:
    """Whether some active person could manage rights everywhere without that role."""
    with connection.cursor() as cursor:
        cursor.execute(_MANAGED_BESIDES, ["accounts.manage", role.pk])
        return bool(cursor.fetchone()[0])


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
