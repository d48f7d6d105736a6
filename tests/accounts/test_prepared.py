"""Queries that are worked out once: the same rows as the queryset, for whoever asks, or an error at the first try."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enishi.accounts.access import Actor, Level, UnscopedQuery, Via
from enishi.accounts.models import Project, Team
from enishi.accounts.prepared import CannotPrepare, counted, prepared
from enishi.accounts.queries import actor as actor_of
from enishi.commitments.models import Promise
from enishi.commitments.services import make_promise
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.conversations.services import log_interaction
from enishi.core import clock
from factories import SYSTEM, agent, grant, manager, outsider, party, project, role, user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enishi.accounts.prepared.PATIENCE", 0)


@prepared
def seen(actor: Actor, ids: list[int]) -> QuerySet[Party]:
    return Party.objects.visible_to(actor).filter(pk__among=ids).select_related("owner").order_by("pk")


@prepared
def promises(actor: Actor) -> QuerySet[Promise, str]:
    return Promise.objects.visible_to(actor).order_by("title").values_list("title", flat=True)


@prepared
def mine(actor: Actor) -> QuerySet[Promise, str]:
    found = Promise.objects.visible_to(actor).filter(owner=actor.own_id)
    return found.order_by("title").values_list("title", flat=True)


def test_everybody_gets_the_rows_of_the_queryset():
    here, there = project("Here"), project("There")
    open_one = party(here, "Open", confidentiality=Level.OPEN)
    kept = party(here, "Kept", confidentiality=Level.CONFIDENTIAL)
    far = party(there, "Far")
    ids = [open_one.pk, kept.pk, far.pk, 999_999_999]
    readers = [SYSTEM, manager(here), agent(here), agent(there), outsider(), manager()]
    for reader in [*readers, *reversed(readers)]:
        plain = Party.objects.visible_to(reader).filter(pk__in=ids).order_by("pk")
        assert [(row.pk, row.full_name, row.project_ids) for row in seen(reader, ids)] == [
            (row.pk, row.full_name, row.project_ids) for row in plain
        ]
    assert seen(agent(here), [far.pk]) == [] and seen(agent(there), [far.pk]) == [far]
    assert seen(SYSTEM, []) == []


def test_colleagues_of_the_same_role_each_get_their_own():
    here = project()
    given = role(own=["commitments.view"])
    readers = []
    for name in ("One", "Other"):
        who = user(name)
        grant(who, here, given)
        make_promise(SYSTEM, project=here, title=f"Of {name}", direction="ours", owner=who)
        readers.append(actor_of(who, via=Via.WEB))
    first, second = readers
    for _again in range(2):
        assert promises(first) == ["Of One"] == mine(first)
        assert promises(second) == ["Of Other"] == mine(second)
    assert len(promises._kept) == 1


def test_what_is_kept_from_somebody_stays_kept():
    here = project()
    found = party(here, "Their own case")
    reader = agent(here)
    assert seen(reader, [found.pk]) == [found]
    excluded = replace(reader, kept_from={"contacts.party": frozenset({found.pk})}, _scopes={})
    assert seen(excluded, [found.pk]) == []
    assert seen(reader, [found.pk]) == [found]
    through = replace(manager(here), within=excluded, _scopes={})
    assert Party.objects.visible_to(through).count() == len(seen(through, [found.pk]))


def test_what_is_asked_but_once_is_not_prepared(monkeypatch):
    monkeypatch.setattr("enishi.accounts.prepared.PATIENCE", 1)
    built = []

    @prepared
    def again(pk: int) -> QuerySet[Party]:
        built.append(pk)
        return Party.objects.unscoped("a test").filter(pk=pk)

    found = party(project(), "A")
    assert [again(found.pk) for _time in range(4)] == [[found]] * 4
    assert built[0] == found.pk and len(built) == 3


def test_one_statement_and_no_more():
    ids = [party(project(), "A").pk, party(project(), "B").pk]
    seen(SYSTEM, ids)
    with CaptureQueriesContext(connection) as asked:
        assert len(seen(SYSTEM, ids)) == 2
    assert len(asked) == 1


def test_related_rows_and_annotations_come_along():
    @prepared
    def with_count(ids: list[int]) -> QuerySet[Party]:
        found = Party.objects.unscoped("a test").filter(pk__among=ids)
        return found.annotate(n=Count("points")).select_related("owner").order_by("pk")

    owner = user()
    found = party(project(), "A")
    Party.objects.unscoped("a test").filter(pk=found.pk).update(owner=owner)
    (row,) = with_count([found.pk])
    with CaptureQueriesContext(connection) as asked:
        assert (row.owner, row.n) == (owner, 0)  # type: ignore[attr-defined]
    assert not asked.captured_queries


def test_counts_days_and_words():
    @prepared
    def how_many(name: str) -> QuerySet[Party, int]:
        return counted(Party.objects.unscoped("a test").filter(full_name=name))

    @prepared
    def contacted(since: dt.datetime, until: dt.datetime, *, newest: bool) -> QuerySet[Party]:
        found = Party.objects.unscoped("a test").filter(last_contact_at__gte=since, last_contact_at__lt=until)
        return found.order_by("-last_contact_at" if newest else "last_contact_at")

    then = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    first, second = party(project(), "Same"), party(project(), "Same")
    for number, row in enumerate((first, second)):
        row.last_contact_at = then + dt.timedelta(days=number)
        row.save(update_fields=["last_contact_at"])
    assert how_many("Same") == [2] and how_many("Other") == [0]
    week = dt.timedelta(days=7)
    assert contacted(then, then + week, newest=True) == [second, first]
    assert contacted(then, then + week, newest=False) == [first, second]
    assert contacted.first(then, then + dt.timedelta(hours=1), newest=True) == first
    assert contacted.first(then - week, then, newest=True) is None


def test_days_are_those_of_the_readers_time_zone():
    @prepared
    def day(pk: int) -> QuerySet[Party, dt.date]:
        found = Party.objects.unscoped("a test").filter(pk=pk)
        return found.values_list(TruncDate("last_contact_at"), flat=True)

    found = party(project(), "Late")
    found.last_contact_at = dt.datetime(2026, 3, 1, 20, tzinfo=dt.UTC)
    found.save(update_fields=["last_contact_at"])
    for zone, expected in (("UTC", 1), ("Asia/Tokyo", 2), ("UTC", 1)):
        with timezone.override(zone):
            assert day(found.pk) == [dt.date(2026, 3, expected)]


@pytest.mark.parametrize(
    "build",
    [
        lambda pk: Party.objects.unscoped("a test").filter(pk__in=[pk, pk + 1]),
        lambda pk: Party.objects.unscoped("a test").order_by("pk")[:pk],
        lambda _pk: Party.objects.unscoped("a test").filter(last_contact_at__lt=clock.now()),
        lambda _pk: Party.objects.unscoped("a test").filter(created_at__date=clock.today()),
        lambda pk: Party.objects.unscoped("a test").filter(pk=pk).prefetch_related("points"),
        lambda _pk: Party(pk=1).points.all(),
        lambda pk: Party.objects.unscoped("a test").filter(
            pk=pk, project_ids__meets=list(Project.objects.values_list("pk", flat=True))
        ),
    ],
    ids=[
        "worked out",
        "in the words of the statement",
        "now",
        "today",
        "more statements",
        "of one record",
        "after another answer",
    ],
)
def test_what_cannot_be_filled_in_is_refused_at_once(build: Any):
    with pytest.raises(CannotPrepare):
        prepared(build)(7)


def test_what_was_refused_is_still_answered():
    found = party(project(), "A")
    plain = prepared(lambda pk: Party.objects.unscoped("a test").filter(pk__in=[pk, pk + 1]))
    for _again in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CannotPrepare)
            assert plain(found.pk) == [found]


def test_a_number_that_no_column_holds_finds_nothing():
    assert seen.first(SYSTEM, [2**62]) is None
    assert prepared(lambda pk: Party.objects.unscoped("a test").filter(pk=pk))(10**30) == []


@pytest.mark.parametrize("reach", ["own", "team"])
def test_what_is_ones_own_by_a_value_in_json(reach):
    here = project()
    given = role(**{reach: ["conversations.view"]})
    for name in ("One", "Other"):
        who = user(name)
        grant(who, here, given)
        team = Team.objects.create(name=f"Team of {name}")
        team.members.add(who, user("A colleague"))
        own = actor_of(who, via=Via.WEB)
        log_interaction(own, channel="call", occurred_at=clock.now(), text=name, project_ids=[here.pk])
        assert [row.text for row in talks(own)] == [name]


@prepared
def talks(actor: Actor) -> QuerySet[Interaction]:
    return Interaction.objects.visible_to(actor)


def test_a_value_of_another_kind_is_refused():
    with pytest.raises(CannotPrepare):
        prepared(lambda names: Party.objects.unscoped("a test").filter(full_name__in=names))(["A"])


def test_nobody_reads_without_saying_who_reads():
    with pytest.raises(UnscopedQuery):
        prepared(lambda pk: Party.objects.filter(pk=pk))(1)
