"""Who is at which record now: known while the stream of a page is open, kept in memory and nowhere else.

Somebody enters only a record that they may see, so whoever is in a room may know of everybody in it. Each live process
tells the others of its own people by NOTIFY, again and again; what was not told for a while is forgotten.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase

from enishi.accounts import queries as accounts
from enishi.accounts.access import Via
from enishi.accounts.models import User
from enishi.accounts.requests import VIEWING
from enishi.cases.models import Case
from enishi.commitments.models import Promise
from enishi.config.live import Message, Queue, offer
from enishi.contacts.models import Party

KINDS: Mapping[str, Any] = {"contacts.party": Party, "cases.case": Case, "commitments.promise": Promise}
LINGER_S = 3.0
"""Whoever loads the page anew was not away."""
TOLD_AGAIN_S = 30.0
FORGOTTEN_S = 75.0
MOST = 50


@dataclass(frozen=True)
class Person:
    user_id: int
    name: str
    edits: bool = False


def enters(user: AbstractBaseUser, session: SessionBase, of: str, *, edits: bool = False) -> Person | None:
    """Who is shown at that record: nobody who may not see it, switched it off, or looks as somebody else."""
    kind, _dash, number = of.rpartition("-")
    if not isinstance(user, User) or not user.shows_presence or VIEWING in session:
        return None
    if kind not in KINDS or not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    actor = accounts.actor(user, via=Via.WEB)
    if not KINDS[kind].objects.visible_to(actor).filter(pk=int(number)).exists():
        return None
    return Person(user.pk, str(user), edits)


@dataclass(eq=False)
class Visit:
    """One open page. Without a queue it has just been left."""

    room: str
    person: Person
    queue: Queue | None
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class Rooms:
    """The people at each record. ``announce`` tells the other live processes who is there with this one."""

    def __init__(self, announce: Callable[[Mapping[str, Any]], None]) -> None:
        self.process = uuid.uuid4().hex
        self._announce = announce
        self._visits: dict[str, set[Visit]] = defaultdict(set)
        self._elsewhere: dict[str, dict[str, tuple[float, list[Person]]]] = defaultdict(dict)
        self._shown: dict[str, list[Person]] = {}
        self._told: dict[str, list[Person]] = {}

    def enter(self, room: str, person: Person, queue: Queue) -> Visit:
        visit = Visit(room, person, queue)
        self._visits[room].add(visit)
        self._update(room, newcomer=visit)
        return visit

    def leave(self, visit: Visit) -> None:
        """The page was closed; whoever does not come back soon is gone."""
        visit.queue = None
        visit.timer = asyncio.get_running_loop().call_later(LINGER_S, self.drop, visit)

    def drop(self, visit: Visit) -> None:
        """They are gone, or may not be there any more."""
        if visit.timer:
            visit.timer.cancel()
        self._visits[visit.room].discard(visit)
        self._update(visit.room)

    def people(self, room: str) -> list[Person]:
        """Everybody there, each once, by name."""
        elsewhere = self._elsewhere.get(room, {}).values()
        return _once([*self._mine(room), *(one for _until, people in elsewhere for one in people)])

    def _mine(self, room: str) -> list[Person]:
        return _once(visit.person for visit in self._visits.get(room, ()))

    def heard(self, said: Mapping[str, Any]) -> None:
        """Another process tells who is at a record with it."""
        if said["process"] == self.process:
            return
        room, until = str(said["room"]), asyncio.get_running_loop().time() + FORGOTTEN_S
        people = [Person(int(pk), str(name), bool(edits)) for pk, name, edits in said["people"]]
        self._elsewhere[room][str(said["process"])] = (until, people)
        self._update(room)

    def tell_again(self) -> None:
        """Tell the others what holds still, and forget who was not told of any more."""
        now = asyncio.get_running_loop().time()
        for room in [*self._elsewhere]:
            told = self._elsewhere[room]
            self._elsewhere[room] = {pk: one for pk, one in told.items() if one[0] > now and one[1]}
            self._update(room)
        for room in [*self._told]:
            self._say(room, self._told[room])

    def _update(self, room: str, *, newcomer: Visit | None = None) -> None:
        mine = self._mine(room)
        if mine != self._told.get(room, []):
            self._say(room, mine)
        people = self.people(room)
        changed = people != self._shown.get(room, [])
        for visit in self._visits.get(room, ()):
            if visit.queue is not None and (changed or visit is newcomer):
                offer(visit.queue, _message(room, people, visit.person))
        for kept, value in ((self._told, mine), (self._shown, people)):
            if value:
                kept[room] = value
            else:
                kept.pop(room, None)
        for table in (self._visits, self._elsewhere):
            if not table.get(room):
                table.pop(room, None)

    def _say(self, room: str, people: Sequence[Person]) -> None:
        listed = [(one.user_id, one.name[:60], one.edits) for one in people[:MOST]]
        self._announce({"room": room, "process": self.process, "people": listed})


def _once(people: Iterable[Person]) -> list[Person]:
    """Of somebody with several pages open the one on which they change something."""
    found: dict[int, Person] = {}
    for one in people:
        if one.user_id not in found or one.edits:
            found[one.user_id] = one
    return sorted(found.values(), key=lambda one: (one.name.casefold(), one.user_id))


def _message(room: str, people: Iterable[Person], reader: Person) -> Message:
    others = [{"name": one.name, "edits": one.edits} for one in people if one.user_id != reader.user_id]
    return Message("here", {"of": room, "people": others})


def nobody(room: str) -> Message:
    """To a page whose reader may not be there any more."""
    return Message("here", {"of": room, "people": []})
