"""The kept rate by team, project, person and month: each number is the number of rows that it opens."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from commitments.world import NOW, World, world
from enishi.accounts.models import Team, User
from enishi.commitments import queries, services
from enishi.commitments.queries import Filter
from factories import outsider

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def decided(here: World, at: object, days: int, *, kept: bool, owner: User | None = None) -> None:
    """A promise due so many days ago, kept the day before or still open."""
    due = NOW - days * DAY
    at(due - 5 * DAY)
    made = services.make_promise(
        here.agent,
        project=here.project,
        title=f"Due {days} days ago",
        direction="ours",
        due_at=due,
        owner=owner or here.user,
    )
    if kept:
        at(due - DAY)
        services.settle_promise(here.agent, made, state="kept")
    at(NOW)


def filled(at: object) -> World:
    here = world()
    team = Team.objects.create(name="Shore team")
    team.members.add(here.user)
    boss = User.objects.get(pk=here.manager.user_id)
    # The period: September to 17 November; before it: June to August.
    for days, kept in (
        (3, True),
        (20, True),
        (40, False),
        (60, True),
        (80, False),
        (100, True),
        (150, False),
    ):
        decided(here, at, days, kept=kept)
    decided(here, at, 10, kept=False, owner=boss)
    return here


def test_the_report_counts_by_team_person_and_month_beside_the_period_before(at):
    here = filled(at)
    report = queries.kept_report(here.agent, "owner", Filter(), months=3)
    assert (report.span.first, report.span.last) == (dt.date(2026, 9, 1), dt.date(2026, 11, 17))
    assert (report.before.first, report.before.last) == (dt.date(2026, 6, 1), dt.date(2026, 8, 31))
    assert (report.whole.rate.kept, report.whole.rate.total) == (3, 5)
    assert (report.whole.before.kept, report.whole.before.total) == (1, 3)
    assert [(row.rate.label, row.rate.kept, row.rate.total, row.before.kept, row.before.total) for row in report.rows] == [
        ("Agent", 3, 4, 1, 3), ("Manager", 0, 1, 0, 0),
    ]  # fmt: skip
    assert [(span.first.month, rate.kept, rate.total) for span, rate in report.months] == [
        (9, 1, 1),
        (10, 1, 2),
        (11, 1, 2),
    ]
    assert report.whole.rate.few
    [team] = queries.kept_report(here.agent, "team", Filter(), months=3).rows
    assert (team.rate.label, team.rate.kept, team.rate.total) == ("Shore team", 3, 4)
    assert queries.kept_report(outsider(), "team", Filter()).rows == []


def test_months_are_those_of_the_reader(at):
    here = filled(at)
    with translation.override("fa"):
        report = queries.kept_report(here.agent, "owner", Filter(), months=3)
    # 26 Aban 1405: since 1 Mehr's month before, Shahrivar.
    assert report.span.first == dt.date(2026, 8, 23)


def test_every_number_opens_as_many_rows(at):
    here = filled(at)
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    for by in ("team", "project", "owner"):
        page = browser.get(f"/promises/kept/?by={by}&months=6").content.decode()
        links = re.findall(r'href="(/promises/\?state=[^"]+)">(\d+)</a>', page)
        assert len(links) >= 6
        for address, number in links:
            listed = browser.get(address.replace("&amp;", "&")).content.decode()
            assert listed.count('<tr id="promise-') == int(number), address


def test_few_are_called_few_and_a_reader_elsewhere_sees_none(at):
    here = filled(at)
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get("/promises/kept/").content.decode()
    assert ">few<" in page and "60%" not in page
    browser.force_login(User.objects.get(pk=outsider().user_id))
    assert "Nothing was decided in this period" in browser.get("/promises/kept/?by=owner").content.decode()


def test_more_people_take_no_more_queries(at):
    here = filled(at)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as captured:
            queries.kept_report(here.agent, "owner", Filter(), months=12)
        counts.append(len(captured))
        for number in range(3):
            someone = User.objects.create(
                name=f"Somebody {number}", email=f"s{number}{len(counts)}@enishi.example"
            )
            promise = queries.promises(here.agent, Filter(state="kept")).first()
            promise.pk, promise.owner = None, someone
            promise.save(force_insert=True)
    assert counts[0] == counts[1] == 5
