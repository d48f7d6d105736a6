"""Why somebody can or cannot see something, and what changing a role would do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext as _

from enishi.accounts.access import Level, Scope, Via, rights
from enishi.accounts.models import Project, Role, User
from enishi.accounts.queries.actors import actor, owners_of
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
    whole = subject.scope(view_right)
    owners = owners_of(*known, view_right) if known is not None and whole.owned else set[int]()
    scope = whole.of(owners)
    inside = [project_id for project_id in ids if scope.clearance(project_id) is not None]
    reached = [scope.clearance(project_id) for project_id in ids]
    clearance = max((up_to for up_to in reached if up_to is not None), default=-1)
    words = {
        "name": str(user),
        "right": rights()[view_right],
        "projects": ", ".join(
            Project.objects.filter(pk__in=ids).order_by("name").values_list("name", flat=True)
        ),
        "level": str(Level(level).label).lower(),
        "clearance": str(Level(max(clearance, 0)).label).lower(),
        "roles": ", ".join(sorted({g.role.name for g in grants_of(user) if view_right in g.role.codes})),
        "owners": _names(owners),
    }
    asked = [
        ("account", user.is_active, *_account_words(user.is_active)),
        ("right", not whole.empty, *_right_words(not whole.empty)),
        *_owner_rule(whole, ids, owners),
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


def explain_change(
    user: User,
    right: str,
    project_ids: Iterable[int],
    seen: Explanation,
    known: tuple[str, int] | None = None,
) -> Explanation:
    """Why ``user`` can or cannot change a record, given why they can or cannot see it.

    Asks what every service asks: to see the record, and to hold the right in one of its projects.
    """
    ids = list(project_ids)
    subject = actor(user, via=Via.WEB)
    whole = subject.scope(right)
    owners = owners_of(*known, right) if known is not None and whole.owned else set[int]()
    here = _held(whole.of(owners), ids)
    words = {"name": str(user), "right": rights()[right], "owners": _names(owners)}
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
        *_owner_rule(whole, ids, owners),
        (
            "project",
            here,
            _("That role is given in a project of the record.")
            if here
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
            reach = (
                _("only their own")
                if right in grant.role.own_codes
                else _("only their team's")
                if right in grant.role.team_codes
                else ""
            )
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
            told.append(", ".join(filter(None, [text % words, reach])))
    return tuple(told)


def _held(scope: Scope, project_ids: Iterable[int]) -> bool:
    return scope.everywhere is not None or any(pk in scope.projects for pk in project_ids)


def _names(user_ids: Iterable[int]) -> str:
    names = User.objects.filter(pk__in=list(user_ids)).order_by("name").values_list("name", flat=True)
    return ", ".join(names) or _("nobody")


def _owner_rule(
    scope: Scope, project_ids: Iterable[int], owners: Collection[int]
) -> list[tuple[str, bool, str, str]]:
    """The rule about whose a record is, where a right reaches only what belongs to certain people."""
    ids = list(project_ids)
    if _held(scope.whole, ids) or not _held(scope.some, ids):
        return []
    holds = _held(scope.of(owners), ids)
    text = (
        _("The role reaches only what belongs to them or to their team, and this does: %(owners)s.")
        if holds
        else _(
            "The role reaches only what belongs to them or to their team. This belongs to %(owners)s, this decides."
        )
    )
    sentence = _("%(name)s cannot: the role reaches only their own, and this belongs to %(owners)s.")
    return [("owner", holds, text, sentence)]


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
    reaches: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)


def role_effect(
    role: Role,
    *,
    codes: Iterable[str],
    clearance: int,
    own_codes: Collection[str] = (),
    team_codes: Collection[str] = (),
    seen_fields: Collection[str] = (),
    changed_fields: Collection[str] = (),
) -> RoleEffect:
    """Who would gain or lose which right: whoever has it there by another role gains and loses nothing.

    ``reaches``: the rights that would reach further or less far, and new ones that do not reach everything, with how far.
    ``shown``: the protected fields of which it would show more or less, with what it would do: ``see``, ``change`` or
    nothing.
    """
    shows, showed = shown_of(seen_fields, changed_fields), shown_of(role.seen_fields, role.changed_fields)
    shown = {
        name: shows.get(name, "") for name in sorted({*shows, *showed}) if shows.get(name) != showed.get(name)
    }
    after, before = frozenset(codes), frozenset(role.codes)
    now, was = reach_of(own_codes, team_codes), reach_of(role.own_codes, role.team_codes)
    moved = [code for code in after & before if now.get(code) != was.get(code)]
    reaches = {code: now.get(code, "") for code in sorted([*moved, *((after - before) & now.keys())])}
    held = _held_by_holders(role)
    above = dict(Project.objects.values_list("pk", "parent_id"))
    granted = {
        pk: {*codes} - {*own} - {*team}
        for pk, codes, own, team in Role.objects.values_list("pk", "codes", "own_codes", "team_codes")
    }
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
        changes=len(after ^ before) + (clearance != role.clearance) + len(moved) + len(shown),
        reaches=reaches,
        shown=shown,
        gains={code: n for code, n in gains.items() if n},
        losses={code: n for code, n in losses.items() if n},
        clearance=clearance if clearance != role.clearance else None,
        locks_out="accounts.manage" in before - after and not managed_besides(role),
    )


def reach_of(own_codes: Iterable[str], team_codes: Iterable[str]) -> dict[str, str]:
    """How far each narrowed right reaches: ``own`` or ``team``."""
    return {**dict.fromkeys(own_codes, "own"), **dict.fromkeys(team_codes, "team")}


def shown_of(seen_fields: Iterable[str], changed_fields: Iterable[str]) -> dict[str, str]:
    """What a role does for each protected field that it names: ``see`` or ``change``."""
    return {**dict.fromkeys(seen_fields, "see"), **dict.fromkeys(changed_fields, "change")}


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
