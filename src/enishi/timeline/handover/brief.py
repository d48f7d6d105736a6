"""The brief for somebody who takes work over: what is open, by when, with whom, and what was noted last."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.core import clock
from enishi.timeline.handover import Held, Holding, Note, Person, holding, notes_of, people_of
from enishi.timeline.handover.planning import Gift, Group, by_place, may_take_back
from enishi.timeline.models import Operation
from enishi.timeline.paper import on_paper

SOON = dt.timedelta(days=14)
FIRST = 12


@dataclass(frozen=True)
class First:
    """Something that comes first, and of which kind it is."""

    kind: Holding
    item: Held
    late: bool


@dataclass(frozen=True)
class Known:
    """Somebody whom the work is about, and what was noted with them last."""

    person: Person
    things: int
    looked_after: bool
    note: Note | None


@dataclass(frozen=True)
class Brief:
    """One sheet of paper. ``sealed`` counts what is too confidential for it; the reader finds it in the product.

    Contacts that are looked after stand among ``people`` and not once more in ``groups``.
    """

    giver: User
    receiver: User
    made_at: dt.datetime
    groups: Sequence[Group]
    first: Sequence[First]
    people: Sequence[Known]
    count: int
    sealed: int


def brief_of_plan(actor: Actor, giver: User, gift: Gift) -> Brief:
    """What the brief would say if that were handed over."""
    return _brief(actor, giver, gift.user, {group.kind: group.items for group in gift.groups})


def may_read(actor: Actor, operation: Operation, receiver_id: int) -> bool:
    """Who gave, who got, and who manages people."""
    mine = actor.user_id is not None and actor.user_id == receiver_id
    return receiver_id in receivers_of(operation) and (
        mine or may_take_back(actor, operation.user_id, operation.data["from"])
    )


def receivers_of(operation: Operation) -> list[int]:
    return sorted({move["to"] for move in operation.data["moves"]})


def brief_of(actor: Actor, operation: Operation, receiver_id: int) -> Brief:
    """What of a hand-over is still open, as the reader may see it now."""
    found: dict[Holding, list[Held]] = {}
    for move in operation.data["moves"]:
        if move["to"] == receiver_id and (kind := holding(move["code"])) is not None:
            found[kind] = kind.named(actor, move["ids"])
    people = {user.pk: user for user in accounts.users(active=None)}
    return _brief(actor, people[operation.data["from"]], people[receiver_id], found)


def _brief(actor: Actor, giver: User, receiver: User, found: Mapping[Holding, Collection[Held]]) -> Brief:
    """Confidential things are counted and left off: paper lies about."""
    split = {kind: on_paper(items) for kind, items in found.items()}
    told = {kind: items for kind, (items, _sealed) in split.items()}
    now = clock.now()
    due = [
        First(kind, item, late=item.due_at < now)
        for kind, items in told.items()
        for item in items
        if item.due_at is not None and item.due_at < now + SOON
    ]
    due.sort(key=lambda one: (one.item.due_at or now, one.kind.order, one.item.pk))
    return Brief(
        giver=giver,
        receiver=receiver,
        made_at=now,
        groups=[
            Group(kind, by_place(actor, items))
            for kind, items in told.items()
            if items and not kind.of_people
        ],
        first=due[:FIRST],
        people=_people(actor, giver, told),
        count=sum(map(len, told.values())),
        sealed=sum(sealed for _items, sealed in split.values()),
    )


def _people(actor: Actor, giver: User, told: Mapping[Holding, Collection[Held]]) -> list[Known]:
    """With whom most is open comes first."""
    things: dict[int, int] = defaultdict(int)
    looked_after = set()
    for kind, items in told.items():
        for item in items:
            if item.party_id is not None:
                things[item.party_id] += not kind.of_people
                looked_after |= {item.party_id} if kind.of_people else set()
    notes = notes_of(actor, giver.pk, list(things))
    known = [
        Known(person, things[person.pk], person.pk in looked_after, notes.get(person.pk))
        for person in people_of(actor, list(things))
    ]
    return sorted(known, key=lambda one: (-one.things, one.person.name))
