"""Times promised in business days, on the calendars of three countries, with exact dates."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from django.utils import translation

from cases.world import NOW, again, world
from enishi.accounts.models import Organisation
from enishi.cases import queries, services
from enishi.cases.clocks import Clock, due_after, in_words
from enishi.commitments.services import add_closing_day
from enishi.core.calendar import BusinessCalendar
from enishi.due.models import Reminder
from enishi.due.services import remind_all
from enishi.timeline.models import Notification
from factories import SYSTEM

UTC = dt.UTC


def _at(year: int, month: int, day: int, hour: int = 12, zone: dt.tzinfo = UTC) -> dt.datetime:
    return dt.datetime(year, month, day, hour, tzinfo=zone)


@pytest.mark.parametrize(
    ("country", "start", "days", "due"),
    [
        # Monday 23 November is the day of labour thanks; Saturday and Sunday do not count.
        ("JP", (2026, 11, 20), 5, (2026, 11, 30)),
        # From before the turn of the year: 1 January is closed, the Saturday and Sunday after it too.
        ("JP", (2026, 12, 29), 5, (2027, 1, 6)),
        # Fridays are closed, Saturdays open.
        ("IR", (2026, 11, 19), 1, (2026, 11, 21)),
        ("IR", (2026, 11, 19), 5, (2026, 11, 25)),
        # Friday, the day of the oil industry and four days of Nowruz, then Thursday, Friday again, Saturday.
        ("IR", (2027, 3, 18), 2, (2027, 3, 27)),
        # Christmas is a Friday, New Year the Friday after.
        ("FR", (2026, 12, 24), 5, (2027, 1, 4)),
        # Bastille Day on a Tuesday.
        ("FR", (2026, 7, 13), 1, (2026, 7, 15)),
    ],
)
def test_business_days_by_country(country, start, days, due):
    found = due_after(_at(*start), days, BusinessCalendar(country), UTC)
    assert found == _at(*due, hour=17)


def test_the_day_is_that_of_the_office():
    """At ten in the evening in London it is the next morning in Tokyo."""
    tokyo = zoneinfo.ZoneInfo("Asia/Tokyo")
    late = dt.datetime(2026, 11, 17, 22, tzinfo=UTC)
    assert due_after(late, 1, BusinessCalendar("JP"), tokyo) == _at(2026, 11, 19, 17, tokyo)
    assert due_after(late, 1, BusinessCalendar("GB"), UTC) == _at(2026, 11, 18, 17)


def _clock(**values: object) -> Clock:
    given = {
        "code": "resolve", "due_at": NOW, "done_at": None, "promised": 8, "left": 5, "took": 3, "hours": 80, "over": False,
    }  # fmt: skip
    return Clock(**{**given, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "state", "words"),
    [
        ({}, "running", "5 business days left"),
        ({"left": 2}, "soon", "2 business days left"),
        ({"left": 1}, "soon", "1 business day left"),
        ({"left": 0}, "soon", "Due today"),
        ({"left": 0, "over": True}, "over", "Over time since today"),
        ({"left": -3, "over": True}, "over", "3 business days over time"),
        ({"done_at": NOW, "hours": 3}, "met", "Done within 3 hours"),
        ({"done_at": NOW, "hours": 0}, "met", "Done within 1 hour"),
        ({"done_at": NOW + dt.timedelta(hours=1), "took": 9}, "late", "Done after 9 business days"),
    ],
)
def test_a_clock_in_words(values, state, words):
    one = _clock(**values)
    assert (one.state, in_words(one, "en")) == (state, words)


@pytest.mark.django_db
def test_a_case_carries_the_dates_it_was_promised(at):
    Organisation.objects.create(pk=1, name="Tidewall", time_zone="Asia/Tokyo")
    here = world("JP")
    add_closing_day(SYSTEM, day=dt.date(2026, 11, 25), name="Company day", project=here.project)
    at(_at(2026, 11, 20))
    case = here.case("grievance")
    tokyo = zoneinfo.ZoneInfo("Asia/Tokyo")
    # 23 is a holiday, 25 our own closing day: 24, 26, 27, 30, 1.
    assert case.acknowledge_by == dt.datetime(2026, 12, 1, 17, tzinfo=tokyo)
    assert case.due_at == case.acknowledge_by
    assert case.resolve_by == dt.datetime(2026, 12, 22, 17, tzinfo=tokyo)
    at(_at(2026, 11, 24))
    first, answer = queries.clocks(queries.case(here.manager, case.pk))
    assert (first.code, first.left, first.state) == ("acknowledge", 4, "running")
    assert (answer.code, answer.left, answer.promised) == ("resolve", 19, 20)
    case = services.acknowledge(here.manager, case)
    assert case.due_at == case.resolve_by
    first = queries.clocks(queries.case(here.manager, case.pk))[0]
    with translation.override("en"):
        assert in_words(first, "en") == "Done after 1 business day"


@pytest.mark.django_db
def test_an_appeal_has_a_clock_of_its_own(at):
    here = world("FR")
    case = here.case("grievance", anonymous=True)
    services.acknowledge(here.manager, case)
    case.stage, case.closed_at, case.due_at = "close", NOW, None
    case.version += 1
    case.save()
    at(_at(2026, 12, 16))
    assert services.appeal_until(case) == NOW + dt.timedelta(days=30)
    case = services.appeal(here.manager, case, words="Nothing changed.")
    # Fifteen open days after Wednesday 16 December, without Christmas and New Year.
    assert case.resolve_by == _at(2027, 1, 8, 17)
    assert [one.code for one in queries.clocks(case)] == ["acknowledge", "appeal"]


@pytest.mark.django_db
def test_owners_are_told_once_when_time_is_short_and_once_when_it_is_over(at):
    here = world()
    owner = again(here.agent)
    from cases.world import user_of

    case = here.case("issue", owner=user_of(owner), title="Noise at night")
    quiet = here.case("grievance", title="Secret dust", owner=user_of(here.second))
    Notification.objects.all().delete()
    assert remind_all() == 0
    at(case.acknowledge_by - dt.timedelta(hours=20))
    assert remind_all() == 2
    assert remind_all() == 0
    at(case.acknowledge_by + dt.timedelta(hours=1))
    assert remind_all() == 2
    assert remind_all() == 0
    told = list(Notification.objects.order_by("id").values_list("user", "title"))
    assert told == [
        (owner.user_id, f"Time is short: {case.number} Noise at night"),
        (here.second.user_id, f"Time is short: {quiet.number}"),
        (owner.user_id, f"Over time: {case.number} Noise at night"),
        (here.second.user_id, f"Over time: {quiet.number}"),
    ]
    assert Reminder.objects.count() == 4
