"""What somebody holds, and who would get what. Writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden, Level, Via
from enishi.accounts.models import Project, User
from enishi.timeline.handover import Held, Holding, holdings

MANAGE = "accounts.manage"
STAY = "stay"
"""Chosen for what is not handed over."""

Choices = Mapping[str, str]
"""A user's id, STAY or nothing (as said one step above), by ``all``, ``promises``, ``promises-3`` or ``promises:17``."""


@dataclass(frozen=True)
class Place:
    """Things of one kind in one project; without a project they belong to the whole organisation."""

    project: Project | None
    items: Sequence[Held]

    @property
    def key(self) -> int:
        return self.project.pk if self.project else 0


@dataclass(frozen=True)
class Group:
    """Everything of one kind that somebody holds."""

    kind: Holding
    places: Sequence[Place]

    @property
    def items(self) -> list[Held]:
        return [item for place in self.places for item in place.items]

    @property
    def count(self) -> int:
        return sum(len(place.items) for place in self.places)


@dataclass(frozen=True)
class Refused:
    """What somebody cannot get, because they may not do that work there."""

    user: User
    kind: Holding
    place: Place
    items: Sequence[Held]


@dataclass
class Gift:
    """What one person would get, by kind."""

    user: User
    groups: list[Group] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)


@dataclass(frozen=True)
class Plan:
    gifts: Sequence[Gift]
    refused: Sequence[Refused]
    stay: int

    @property
    def count(self) -> int:
        return sum(gift.count for gift in self.gifts)


def require(actor: Actor, user: User) -> None:
    """People hand over their own work; who manages people hands over everybody's."""
    if actor.user_id != user.pk:
        actor.require_everywhere(MANAGE)


def may_take_back(actor: Actor, operation_user: int | None, from_user: int) -> bool:
    mine = {operation_user, from_user}
    return actor.may_everywhere(MANAGE) or (actor.user_id is not None and actor.user_id in mine)


def held_by(actor: Actor, user: User) -> list[Group]:
    """Everything open that somebody holds and the actor may see and hand on; raises Forbidden."""
    require(actor, user)
    manages = actor.may_everywhere(MANAGE)
    found = []
    for kind in holdings():
        items = [item for item in kind.held(actor, user.pk) if manages or may_hold(actor, kind, item)]
        found.append((kind, items))
    return [Group(kind, by_place(actor, items)) for kind, items in found if items]


def held_count(actor: Actor, user: User) -> int:
    """How many things somebody holds that the actor could hand over; 0 when the actor may not."""
    try:
        return sum(group.count for group in held_by(actor, user))
    except Forbidden:
        return 0


def may_hold(actor: Actor, kind: Holding, item: Held) -> bool:
    """Whether the actor may do that work there: the right in a project of the thing, with its clearance."""
    if any(item.pk in actor.kept_from.get(one, ()) for one in kind.subject_types):
        return False
    if not item.project_ids:
        return actor.may(kind.right)
    # What they hold is theirs.
    return actor.clearance(kind.right, item.project_ids, own=True) >= max(item.confidentiality, Level.OPEN)


def by_place(actor: Actor, items: Iterable[Held]) -> list[Place]:
    """Things by project, the first of theirs in which the actor works; projects by name, what has none last."""
    listed = list(items)
    ids = {pk for item in listed for pk in item.project_ids}
    projects = {project.pk: project for project in Project.objects.filter(pk__in=ids)}
    grouped: dict[int, list[Held]] = defaultdict(list)
    for item in listed:
        mine = [pk for pk in item.project_ids if _works_in(actor, pk)]
        home = next((pk for pk in (*mine, *item.project_ids) if pk in projects), 0)
        grouped[home].append(item)
    places = [Place(projects.get(pk), there) for pk, there in grouped.items()]
    return sorted(places, key=lambda place: (place.project is None, str(place.project or ""), place.key))


def _works_in(actor: Actor, project_id: int) -> bool:
    return any(grant.project_id in (None, project_id) for grant in actor.grants)


def recipients(user: User) -> list[User]:
    """Colleagues who can be given something."""
    return list(accounts.users().exclude(pk=user.pk))


def chosen_for(choices: Choices, kind: Holding, place: Place, item: Held) -> str:
    """What was said about one thing: itself, its project, its kind, everything; the nearest word counts."""
    for key in (f"{kind.code}:{item.pk}", f"{kind.code}-{place.key}", kind.code, "all"):
        if said := choices.get(key, ""):
            return said
    return STAY


def plan(actor: Actor, user: User, choices: Choices) -> Plan:
    """Work out who gets what, and what cannot go where it was meant to; raises Forbidden."""
    named = set(choices.values())
    people = {str(one.pk): one for one in recipients(user) if str(one.pk) in named}
    actors = {key: accounts.actor(one, via=Via.JOB) for key, one in people.items()}
    gifts: dict[str, Gift] = {}
    refused: list[Refused] = []
    stay = 0
    for group in held_by(actor, user):
        given: dict[str, list[Place]] = defaultdict(list)
        for place in group.places:
            by_person: dict[str, list[Held]] = defaultdict(list)
            for item in place.items:
                by_person[chosen_for(choices, group.kind, place, item)].append(item)
            for said, items in by_person.items():
                if said not in actors:
                    stay += len(items)
                    continue
                fit: list[Held] = []
                kept: list[Held] = []
                for item in items:
                    (fit if may_hold(actors[said], group.kind, item) else kept).append(item)
                if fit:
                    given[said].append(Place(place.project, fit))
                if kept:
                    refused.append(Refused(people[said], group.kind, Place(place.project, kept), kept))
                    stay += len(kept)
        for said, places in given.items():
            gifts.setdefault(said, Gift(people[said])).groups.append(Group(group.kind, places))
    return Plan(sorted(gifts.values(), key=lambda gift: gift.user.name), refused, stay)
