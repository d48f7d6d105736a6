"""Due dates on real holidays: they move, or stay and warn, as the rule says, by the calendar of their project."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import translation

from enishi.accounts.models import Organisation, User
from enishi.commitments import queries, services
from factories import SYSTEM, agent, project

pytestmark = pytest.mark.django_db


def times(country: str, days: list[str], shift: str, *, closing: tuple[str, ...] = ()) -> list[str]:
    """The days on which promises due on these days fall due in that country."""
    where = project(country=country)
    for day in closing:
        services.add_closing_day(SYSTEM, day=dt.date.fromisoformat(day), name="Own", project=where)
    acting, found = agent(where), []
    for day in days:
        made = services.make_promise(
            acting, project=where, title="Report", direction="ours", rule="FREQ=YEARLY;COUNT=1", shift=shift,
            due_at=dt.datetime.combine(dt.date.fromisoformat(day), dt.time(12), dt.UTC),
        )  # fmt: skip
        found.append(made.due_at.date().isoformat())
    return found


@pytest.mark.parametrize(
    ("country", "day", "before", "after"),
    [
        # Golden Week: Showa Day is a Thursday; 3, 4 and 5 May follow a weekend.
        ("JP", "2027-04-29", "2027-04-28", "2027-04-30"),
        ("JP", "2027-05-04", "2027-04-30", "2027-05-06"),
        # Nowruz: from the Friday before it to 4 Farvardin; Thursdays are open.
        ("IR", "2027-03-21", "2027-03-18", "2027-03-25"),
        ("IR", "2027-03-26", "2027-03-25", "2027-03-27"),
        # 14 July and Canada Day.
        ("FR", "2027-07-14", "2027-07-13", "2027-07-15"),
        ("CA", "2027-07-01", "2027-06-30", "2027-07-02"),
        # The same days are open elsewhere.
        ("GB", "2027-07-14", "2027-07-14", "2027-07-14"),
        ("FR", "2027-07-01", "2027-07-01", "2027-07-01"),
        # A weekend in one country is a working day in another.
        ("FR", "2027-06-05", "2027-06-04", "2027-06-07"),
        ("IR", "2027-06-06", "2027-06-06", "2027-06-06"),
    ],
)
def test_a_due_date_moves_off_closed_days_as_its_rule_says(at, country, day, before, after):
    assert times(country, [day], "backward") == [before]
    assert times(country, [day], "forward") == [after]
    assert times(country, [day], "none") == [day]


def test_own_closing_days_join_the_holidays(at):
    assert times("FR", ["2027-07-14"], "forward", closing=("2027-07-15", "2027-07-16")) == ["2027-07-19"]
    assert times("FR", ["2027-07-14"], "backward", closing=("2027-07-13",)) == ["2027-07-12"]


@pytest.mark.parametrize(
    ("country", "day", "language", "words"),
    [
        ("FR", "2027-07-14", "fr", "Fête nationale"),
        ("FR", "2027-07-14", "en", "National Day"),
        ("JP", "2027-05-04", "ja", "みどりの日"),
        ("IR", "2027-03-21", "fa", "جشن نوروز"),
        ("CA", "2027-07-01", "en", "Canada Day"),
        ("GB", "2027-06-05", "en", "Saturday"),
        ("GB", "2027-06-04", "en", ""),
    ],
)
def test_a_single_promise_stays_on_its_day_and_says_why_that_is_closed(at, country, day, language, words):
    where, moment = project(country=country), dt.datetime.fromisoformat(f"{day}T12:00+00:00")
    with translation.override(language):
        assert queries.closed_on(where, moment) == words


def test_the_page_of_a_promise_warns_of_a_closed_day(at):
    where = project("Quay", country="FR")
    acting = agent(where)
    due = dt.datetime(2027, 7, 14, 12, tzinfo=dt.UTC)
    made = services.make_promise(acting, project=where, title="Report", direction="ours", due_at=due)
    browser = Client()
    browser.force_login(User.objects.get(pk=acting.user_id))
    page = browser.get(f"/promises/{made.pk}/").content.decode()
    assert "On 14 Jul 2027 Quay is closed: National Day." in page
    services.settle_promise(acting, made, state="kept")
    assert "is closed:" not in browser.get(f"/promises/{made.pk}/").content.decode()


def test_a_due_date_in_the_evening_abroad_counts_by_the_day_of_the_office(at):
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Office", "time_zone": "Asia/Tokyo"})
    where = project(country="JP")
    # 23:00 UTC on 28 April is 29 April in Tokyo: Showa Day.
    assert queries.closed_on(where, dt.datetime(2027, 4, 28, 23, tzinfo=dt.UTC)) == "Showa Day"
