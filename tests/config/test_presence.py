"""Who is shown at which record: only to those who may see it too, never as somebody else, and not for longer than they are there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.accounts.requests import VIEWING
from enishi.accounts.services import change_user
from enishi.accounts.services.keeping import keep_from
from enishi.cases.services import open_case
from enishi.commitments.services import make_promise
from enishi.config import presence
from enishi.config.live import MISSED, QUEUE_SIZE, Hub, Message, Queue
from enishi.config.presence import Person, Rooms, enters
from factories import READ, agent, manager, outsider, party, project

ADA, BO, CAI = Person(1, "Ada"), Person(2, "Bo"), Person(3, "Cai")
ROOM = "contacts.party-7"


def _user(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


@pytest.mark.django_db
def test_only_whoever_may_see_the_record_enters() -> None:
    where = project("Tidewall East")
    worker, reader, stranger, boss = agent(where), agent(where, codes=READ), outsider(), manager(where)
    aoi = party(where, "Tanaka Aoi")
    hidden = party(where, "Hidden Hana", by=boss, confidentiality=Level.RESTRICTED)
    promise = make_promise(worker, project=where, title="Send the survey", direction="ours")
    case = open_case(worker, project=where, kind="issue", title="Dust")

    def entered(of: str) -> list[bool]:
        people = (worker, reader, stranger, boss)
        return [enters(_user(actor), SessionStore(), of) is not None for actor in people]

    for of in (f"contacts.party-{aoi.pk}", f"commitments.promise-{promise.pk}", f"cases.case-{case.pk}"):
        assert entered(of) == [True, True, False, True]
    assert entered(f"contacts.party-{hidden.pk}") == [False, False, False, True]
    for odd in ("", "contacts.party-", "contacts.party-x", "contacts.party-²", f"accounts.user-{worker.user_id}",
                f"contacts.party-{'9' * 30}", "contacts.party-999999", "contacts.party--1", "x"):  # fmt: skip
        assert entered(odd) == [False] * 4
    keep_from("test", [worker.user_id or 0], [("cases.case", case.pk)])
    assert entered(f"cases.case-{case.pk}") == [False, True, False, True]
    found = enters(_user(worker), SessionStore(), f"contacts.party-{aoi.pk}", edits=True)
    assert found == Person(worker.user_id or 0, "Agent", edits=True)


@pytest.mark.django_db
def test_who_switched_it_off_or_looks_as_somebody_else_is_shown_nowhere() -> None:
    where = project("Tidewall East")
    worker = agent(where)
    of = f"contacts.party-{party(where, 'Tanaka Aoi').pk}"
    viewing = SessionStore()
    viewing[VIEWING] = worker.user_id
    assert enters(_user(manager()), viewing, of) is None
    change_user(worker, _user(worker), shows_presence=False)
    assert enters(_user(worker), SessionStore(), of) is None


def _heard(queue: Queue) -> list[list[tuple[str, bool]]]:
    """The people of each message so far."""
    found = []
    while not queue.empty():
        message = queue.get_nowait()
        assert message is not None and message.event == "here" and message.data["of"] == ROOM
        found.append([(one["name"], one["edits"]) for one in message.data["people"]])
    return found


def test_people_hear_of_one_another_and_not_of_themselves() -> None:
    async def scenario() -> None:
        told: list[Mapping[str, Any]] = []
        rooms = Rooms(told.append)
        first, second, apart = Queue(QUEUE_SIZE), Queue(QUEUE_SIZE), Queue(QUEUE_SIZE)
        rooms.enter("contacts.party-8", CAI, apart)
        apart.get_nowait()
        ada = rooms.enter(ROOM, ADA, first)
        assert _heard(first) == [[]]
        rooms.enter(ROOM, BO, second)
        assert (_heard(first), _heard(second)) == ([[("Bo", False)]], [[("Ada", False)]])
        # A second page of the same person, on which they change something.
        editing = rooms.enter(ROOM, Person(1, "Ada", edits=True), Queue(QUEUE_SIZE))
        assert _heard(second) == [[("Ada", True)]]
        rooms.drop(editing)
        assert _heard(second) == [[("Ada", False)]]
        rooms.drop(ada)
        assert _heard(second) == [[]]
        assert apart.empty()
        assert [one["people"] for one in told if one["room"] == ROOM][-1] == [(2, "Bo", False)]

    asyncio.run(scenario())


def test_a_page_loaded_anew_is_no_coming_and_going(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LINGER_S", 0.01)

    async def scenario() -> None:
        told: list[Mapping[str, Any]] = []
        rooms = Rooms(told.append)
        queue = Queue(QUEUE_SIZE)
        rooms.enter(ROOM, BO, queue)
        ada = rooms.enter(ROOM, ADA, Queue(QUEUE_SIZE))
        _heard(queue)
        said = len(told)
        rooms.leave(ada)
        again = rooms.enter(ROOM, ADA, Queue(QUEUE_SIZE))
        await asyncio.sleep(0.05)
        assert (_heard(queue), len(told)) == ([], said)
        rooms.leave(again)
        await asyncio.sleep(0.05)
        assert _heard(queue) == [[]]

    asyncio.run(scenario())


def test_processes_tell_one_another_and_forget_who_is_told_of_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        here, there = Rooms(lambda said: there.heard(said)), Rooms(lambda said: here.heard(said))
        queue = Queue(QUEUE_SIZE)
        here.enter(ROOM, ADA, queue)
        bo = there.enter(ROOM, BO, Queue(QUEUE_SIZE))
        assert _heard(queue) == [[], [("Bo", False)]]
        there.drop(bo)
        assert _heard(queue) == [[]]
        monkeypatch.setattr(presence, "FORGOTTEN_S", -1)
        there.enter(ROOM, BO, Queue(QUEUE_SIZE))
        assert _heard(queue) == [[("Bo", False)]]
        here.tell_again()
        assert _heard(queue) == [[]]
        assert not here._elsewhere

    asyncio.run(scenario())


def test_who_says_what_reaches_the_rooms_and_no_stream() -> None:
    heard: list[Mapping[str, Any]] = []
    hub = Hub(heard.append)
    with hub.subscribe(1) as queue:
        hub._publish_payload('{"room": "contacts.party-7", "process": "x", "people": [[2, "Bo", false]]}')
        assert queue.empty()
    assert [one["people"] for one in heard] == [[[2, "Bo", False]]]


def test_a_page_that_does_not_read_is_told_that_it_missed_something() -> None:
    async def scenario() -> None:
        rooms = Rooms(lambda said: None)
        queue = Queue(2)
        rooms.enter(ROOM, ADA, queue)
        queue.put_nowait(Message("n", 1))
        rooms.enter(ROOM, BO, Queue(QUEUE_SIZE))
        assert queue.get_nowait() == MISSED and queue.empty()

    asyncio.run(scenario())
