"""Handing somebody's open work to others: what an app provides so that nothing stays with a person who leaves.

An app registers one holding for each kind of thing that people look after, in its ``panels.py``::

    provide("handover", "promises")(Promises)

The wizard asks ``held`` for what is open, works out who gets what (``planning``), moves it as one operation that can be undone
(``moving``), and writes the brief for whoever gets it (``brief``). What people did stays theirs: only the holder changes.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models

from enishi.accounts.access import Actor
from enishi.core import registry
from enishi.core.events import Event

PLACE = "handover"
PEOPLE = "handover.people"
NOTES = "handover.notes"


@dataclass(frozen=True)
class Held:
    """One open thing that somebody looks after, as the reader may see it. ``at`` is since when it waits."""

    pk: int
    title: str
    project_ids: Sequence[int]
    confidentiality: int
    url: str = ""
    due_at: dt.datetime | None = None
    at: dt.datetime | None = None
    party_id: int | None = None
    party: str = ""
    note: str = ""
    state: str = ""
    side: str = "ours"


@dataclass(frozen=True)
class Moved:
    """A record whose holder changed: what its history entry is about."""

    subject: models.Model
    party_id: int | None = None


class Holding(ABC):
    """One kind of thing that people hold. ``right`` is needed, in the project of a thing, by whoever gets it.

    ``implicit``: a thing without a holder is taken to be with whoever took part in it. ``of_people``: the things are contacts.
    """

    code: ClassVar[str]
    label: ClassVar[Any]
    icon: ClassVar[str]
    order: ClassVar[int]
    right: ClassVar[str]
    event: ClassVar[Event]
    subject_types: ClassVar[Collection[str]]
    field: ClassVar[str] = "owner"
    implicit: ClassVar[bool] = False
    of_people: ClassVar[bool] = False

    @abstractmethod
    def held(self, actor: Actor, user_id: int) -> list[Held]:
        """What of this kind is open, with that user, and visible to the actor; the most urgent first."""

    @abstractmethod
    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        """These things as far as they are still open and the actor may see them."""

    @abstractmethod
    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        """Who holds them now, locked for the change; what is no longer open is left out."""

    @abstractmethod
    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        """Give each thing its holder, set-wise; returns the records as they are then."""

    def brings(self, user_id: int, ids: Collection[int]) -> Mapping[str, Collection[int]]:
        """Things of other kinds that go with these, by the code of their kind."""
        return {}

    def changes(
        self, before: int | None, after: int | None, names: Mapping[int, str]
    ) -> dict[str, tuple[Any, Any]]:
        """What the history says: the holder by name, before and after."""
        return {self.field: (names.get(before or 0, ""), names.get(after or 0, ""))}

    def facts(self, before: int | None, after: int | None) -> dict[str, Any]:
        """What only undoing reads."""
        return {"_holder": [before, after]}


def locked_holders(rows: models.QuerySet[Any], ids: Collection[int], field: str) -> dict[int, int | None]:
    """Who stands in ``field`` of these rows, which are locked until the end of the transaction."""
    locked = rows.filter(pk__in=list(ids)).order_by("pk").select_for_update(no_key=True, of=("self",))
    return dict(locked.values_list("pk", field))


def by_holder(holders: Mapping[int, int | None]) -> dict[int | None, list[int]]:
    """The things that go to one holder together: one UPDATE for each."""
    grouped: dict[int | None, list[int]] = defaultdict(list)
    for pk, holder in holders.items():
        grouped[holder].append(pk)
    return grouped


@dataclass(frozen=True)
class Person:
    """A contact whom handed-over work is about."""

    pk: int
    name: str
    url: str
    last_contact_at: dt.datetime | None
    last_channel: str
    note: str


@dataclass(frozen=True)
class Note:
    """What the person who hands over wrote last about a contact."""

    at: dt.datetime
    channel: str
    words: str
    url: str


def holdings() -> list[Holding]:
    """Every kind of thing that can be handed over, in the order of the wizard."""
    return sorted((make() for make in registry.providers(PLACE).values()), key=lambda kind: kind.order)


def holding(code: str) -> Holding | None:
    make = registry.provider(PLACE, code)
    return None if make is None else make()


def people_of(actor: Actor, party_ids: Collection[int]) -> list[Person]:
    """The contacts among these that the actor may see."""
    return [person for ask in registry.providers(PEOPLE).values() for person in ask(actor, party_ids)]


def notes_of(actor: Actor, user_id: int, party_ids: Collection[int]) -> dict[int, Note]:
    """The last thing that user noted with each of these contacts, within the actor's rights."""
    found: dict[int, Note] = {}
    for ask in registry.providers(NOTES).values():
        found.update(ask(actor, user_id, party_ids))
    return found
