"""The ledger by time and page, the board, the month, and how well promises are kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone, translation

from commitments.world import NOW, World, world
from enishi.accounts.models import Team, User
from enishi.commitments import queries, services
from enishi.commitments.models import ClosingDay, Promise
from enishi.commitments.queries import Filter
from enishi.core.keyset import Position
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def _make(here: World, **values: Any) -> Promise:
    given: dict[str, Any] = {"project": here.project, "title": "Send the survey", "direction": "ours"}
    return services.make_promise(here.agent, **{**given, **values})


def test_promises_stand_under_the_headings_of_time(at):
    here = world()
    for title, due in (
        ("late", NOW - HOUR), ("today", NOW + HOUR), ("near", NOW + 7 * DAY), ("far", NOW + 8 * DAY), ("never", None)
    ):  # fmt: skip
        _make(here, title=title, due_at=due)
    services.report_done(here.agent, _make(here, title="unproven", due_at=NOW - DAY))
    page = queries.ledger(here.agent, Filter())
    assert [(code, [row.title for row in rows]) for code, _words, rows in queries.grouped(page.rows)] == [
        ("late", ["late"]), ("proof", ["unproven"]), ("today", ["today"]), ("week", ["near"]), ("later", ["far"]), ("none", ["never"]),
    ]  # fmt: skip
    assert queries.group_totals(here.agent, Filter()) == {
        "late": 1,
        "proof": 1,
        "today": 1,
        "week": 1,
        "later": 1,
        "none": 1,
        "settled": 0,
    }


@pytest.mark.parametrize(
    ("zone", "language", "group"),
    [("UTC", "en", "today"), ("Asia/Tokyo", "ja", "week"), ("America/Vancouver", "en", "today")],
)
def test_today_ends_where_the_reader_is(at, zone, language, group):
    here = world()
    due = dt.datetime(2026, 11, 17, 16, tzinfo=dt.UTC)
    _make(here, due_at=due)
    with timezone.override(zone), translation.override(language):
        assert queries.edges().group(Promise(due_at=due)) == group


@pytest.mark.parametrize("language", ["en", "ja", "fr", "fa"])
def test_the_next_seven_days_do_not_depend_on_the_day_of_the_week(at, language):
    """On a Sunday what is due on Monday is near; today and seven days more, in the reader's zone."""
    sunday = dt.datetime(2026, 11, 22, 9, 40, tzinfo=dt.UTC)
    at(sunday)
    with translation.override(language), timezone.override("UTC"):
        group = queries.edges().group
        moments = {"today": 0, "week": 1, "last": 7, "later": 8}
        groups = {name: group(Promise(due_at=sunday + days * DAY)) for name, days in moments.items()}
    assert groups == {"today": "today", "week": "week", "last": "week", "later": "later"}


def test_pages_go_forward_and_back_over_equal_dates_and_none(at):
    here = world()
    dates = [NOW - DAY, NOW, NOW, NOW, NOW + DAY, None, None, None]
    made = [_make(here, title=f"{n}", due_at=due).pk for n, due in enumerate(dates)]
    page = queries.ledger(here.agent, Filter(), limit=3)
    seen, pages = [row.pk for row in page.rows], [page]
    while page.after:
        position = Position.parse(str(page.after))
        page = queries.ledger(here.agent, Filter(), after=position, limit=3)
        pages.append(page)
        seen += [row.pk for row in page.rows]
    assert seen == made
    back = queries.ledger(here.agent, Filter(), before=pages[2].before, limit=3)
    assert [row.pk for row in back.rows] == [row.pk for row in pages[1].rows]
    first = queries.ledger(here.agent, Filter(), before=back.before, limit=3)
    assert [row.pk for row in first.rows] == made[:3]
    assert first.before is None


def test_settled_promises_stand_newest_first_in_pages(at):
    here = world()
    made = [_make(here, title=f"{n}") for n in range(5)]
    for n, row in enumerate(made):
        at(NOW + n * HOUR)
        services.settle_promise(here.agent, row, state="kept")
    first = queries.ledger(here.agent, Filter(state="settled"), limit=2)
    second = queries.ledger(here.agent, Filter(state="settled"), after=first.after, limit=2)
    assert [row.title for row in [*first.rows, *second.rows]] == ["4", "3", "2", "1"]
    assert [
        row.title
        for row in queries.ledger(here.agent, Filter(state="settled"), before=second.before, limit=2).rows
    ] == ["4", "3"]


@pytest.mark.parametrize("text", ["", "x", "~", "~x", "2026~1", "9999999~1", "2026-11-17T00:00:00~"])
def test_a_position_that_nobody_wrote_is_none(text):
    assert Position.parse(text) is None or text == "2026~1"


def test_filters(at):
    here = world()
    ours = _make(here, title="Noise survey", party=here.person, owner=here.user, due_at=NOW - DAY)
    theirs = _make(here, title="Access form", direction="theirs", due_at=NOW + DAY)
    not_to = _make(here, title="Not to pile at night", negative=True)
    weekly = _make(here, title="Dust", due_at=NOW, rule="FREQ=WEEKLY;COUNT=1")
    services.start_promise(here.agent, theirs)

    def found(**values: Any) -> set[int]:
        return set(queries.promises(here.agent, Filter(**values)).values_list("pk", flat=True))

    assert found() == {ours.pk, theirs.pk, not_to.pk, weekly.pk}
    assert found(direction="theirs") == found(state="doing") == {theirs.pk}
    assert (
        found(state="late") == found(owner_ids=(here.user.pk,)) == found(party_id=here.person.pk) == {ours.pk}
    )
    assert found(kind="negative") == {not_to.pk}
    assert found(kind="repeats") == {weekly.pk}
    assert found(text="acces") == {theirs.pk}
    assert found(text="tanaka") == {ours.pk}
    assert (
        found(owner_ids=())
        == found(state="kept")
        == found(text="…")
        == found(project_id=project().pk)
        == set()
    )
    assert found(due_from=dt.date(2026, 11, 17), due_until=dt.date(2026, 11, 17)) == {weekly.pk}
    assert set(queries.promises(outsider(), Filter())) == set()


def test_the_board_counts_whole_columns(at):
    here = world()
    for n in range(4):
        _make(here, title=f"{n}", due_at=NOW + n * DAY)
    doing, broken, late = (_make(here, due_at=NOW - DAY) for _ in range(3))
    services.start_promise(here.agent, doing)
    services.settle_promise(here.agent, broken, state="broken", outcome="Ill")
    services.settle_promise(here.agent, late, state="kept")
    services.report_done(here.agent, _make(here, due_at=NOW - DAY))
    columns = queries.board(here.agent, Filter(), limit=3)
    assert [(column.code, column.total, len(column.rows), column.more) for column in columns] == [
        ("waiting", 4, 3, 1), ("doing", 1, 1, 0), ("proof", 1, 1, 0), ("kept", 0, 0, 0), ("kept_late", 1, 1, 0), ("broken", 1, 1, 0), ("waived", 0, 0, 0),
    ]  # fmt: skip
    assert [column.total for column in queries.board(outsider(), Filter())] == [0] * 7


def test_the_rate_counts_what_was_decided_whichever_came_first(at):
    here = world()
    at(NOW - 30 * DAY)
    rows = {
        name: _make(here, title=name, due_at=NOW - 10 * DAY) for name in ("kept", "late", "open", "waived")
    }
    ahead = _make(here, title="ahead", due_at=NOW + 30 * DAY)
    _make(here, title="still ahead", due_at=NOW + 30 * DAY)
    theirs = _make(here, title="theirs", direction="theirs", due_at=NOW - 10 * DAY)
    dateless = _make(here, title="dateless")
    services.settle_promise(here.agent, rows["kept"], state="kept")
    at(NOW - 2 * DAY)
    services.settle_promise(here.agent, rows["late"], state="kept")
    services.settle_promise(here.agent, rows["waived"], state="waived", outcome="Sold")
    services.settle_promise(here.agent, theirs, state="broken", outcome="Forgot")
    services.settle_promise(here.agent, dateless, state="kept")
    services.settle_promise(here.agent, ahead, state="kept")
    at(NOW)
    rate = queries.kept_rate(here.agent)
    # kept, dateless and ahead in time; late and open not; theirs, waived and what is still ahead do not count.
    assert (rate.kept, rate.total, rate.share) == (3, 5, 0.6)
    assert (queries.kept_rate(outsider()).total, queries.kept_rate(outsider()).share) == (0, None)
    weeks = queries.kept_by_week(here.agent)
    assert [(week.kept, week.total) for week in weeks] == [(0, 0)] * 7 + [
        (1, 1),
        (0, 0),
        (0, 0),
        (0, 2),
        (2, 2),
    ]


def test_what_is_done_in_time_and_waits_for_proof_is_neither_late_nor_decided(at):
    here = world()
    at(NOW - 10 * DAY)
    in_time = _make(here, title="in time", due_at=NOW - 5 * DAY, owner=here.user, party=here.person)
    late = _make(here, title="late", due_at=NOW - 9 * DAY, owner=here.user)
    ban = _make(here, title="not to", due_at=NOW - 9 * DAY, negative=True, owner=here.user)
    at(NOW - 6 * DAY)
    for row in (in_time, late, ban):
        services.report_done(here.agent, row)
    at(NOW)
    mine = Filter(owner_ids=(here.user.pk,))
    figures = queries.figures(here.agent, mine)
    assert (figures.late, figures.week, figures.unproven) == (0, 0, 3)
    assert (figures.rate.kept, figures.rate.total) == (0, 1)
    assert queries.late_count(here.agent) == 0
    assert list(queries.promises(here.agent, Filter(state="late"))) == []
    assert {row.title for row in queries.ledger(here.agent, Filter(state="proof")).rows} == {
        "in time",
        "late",
        "not to",
    }
    day = queries.my_day(here.agent)
    assert [(code, len(rows)) for code, _words, rows in day.groups] == [("proof", 3)]
    assert (day.totals["proof"], day.totals["late"], day.more) == (3, 0, 0)
    for row in (in_time, late, ban):
        services.settle_promise(here.agent, row, state="kept", proof_text="Photograph")
    assert (queries.kept_rate(here.agent).kept, queries.kept_rate(here.agent).total) == (2, 3)
    assert queries.figures(outsider(), Filter()).unproven == 0


def test_what_is_settled_stands_under_its_own_heading_among_all(at):
    here = world()
    settled = services.settle_promise(here.agent, _make(here, due_at=NOW - DAY), state="kept")
    still = _make(here, due_at=NOW - DAY)
    page = queries.ledger(here.agent, Filter(state="all"))
    assert [(code, [row.pk for row in rows]) for code, _words, rows in queries.grouped(page.rows)] == [
        ("late", [still.pk]),
        ("settled", [settled.pk]),
    ]
    totals = queries.group_totals(here.agent, Filter(state="all"))
    assert (totals["late"], totals["settled"]) == (1, 1)


def test_the_rate_by_team_project_and_owner(at):
    here = world()
    team = Team.objects.create(name="Outreach")
    team.members.add(here.user)
    second = User.objects.get(pk=agent(here.project).user_id)
    kept = _make(here, owner=here.user, due_at=NOW + DAY)
    _make(here, owner=second, due_at=NOW - DAY)
    services.settle_promise(here.agent, kept, state="kept")
    assert [(rate.label, rate.kept, rate.total) for rate in queries.kept_rates(here.agent, "team")] == [
        ("Outreach", 1, 1)
    ]
    assert [(rate.key, rate.kept, rate.total) for rate in queries.kept_rates(here.agent, "project")] == [
        (here.project.pk, 1, 2)
    ]
    assert [(rate.key, rate.kept) for rate in queries.kept_rates(here.agent, "owner")] == [
        (here.user.pk, 1),
        (second.pk, 0),
    ]


def test_the_menu_counts_the_readers_own_late_promises(at):
    here = world()
    _make(here, owner=here.user, due_at=NOW - DAY)
    _make(here, owner=here.user, due_at=NOW + DAY)
    _make(here, owner=here.user, due_at=NOW - DAY, direction="theirs")
    _make(here, due_at=NOW - DAY)
    assert queries.late_count(here.agent) == 1
    assert queries.late_count(here.manager) == queries.late_count(SYSTEM) == 0


def test_the_month_knows_closed_days(at):
    here = world()
    ClosingDay.objects.create(day=dt.date(2026, 11, 18), name="Inventory")
    due = _make(here, due_at=NOW + DAY)
    with translation.override("en"):
        month = queries.month(here.agent, Filter(project_id=here.project.pk), project=here.project)
        assert month.title == "November 2026"
    days = {square.day: square for week in month.weeks for square in week}
    assert (min(days), max(days), len(month.weeks)) == (dt.date(2026, 10, 26), dt.date(2026, 12, 6), 6)
    closed = days[dt.date(2026, 11, 18)]
    assert (closed.shut, closed.closed, [row.pk for row in closed.promises]) == (True, "Inventory", [due.pk])
    assert (days[dt.date(2026, 11, 21)].shut, days[dt.date(2026, 11, 21)].closed) == (True, "")
    assert days[dt.date(2026, 11, 17)].today
    assert not days[dt.date(2026, 10, 31)].inside
    assert (month.previous, month.following) == (dt.date(2026, 10, 31), dt.date(2026, 12, 1))


def test_the_month_of_a_persian_reader_is_jalali(at):
    here = world()
    with translation.override("fa"):
        month = queries.month(here.agent, Filter())
        assert (month.first, month.last, month.title) == (
            dt.date(2026, 10, 23),
            dt.date(2026, 11, 21),
            "آبان ۱۴۰۵",
        )
    assert month.weeks[0][0].day == dt.date(2026, 10, 17)
    assert month.weeks[-1][0].number == 30


def test_what_was_said_in_a_conversation_stands_in_the_order_of_its_words(at):
    here = world()
    later = _make(here, said_in_id=7, said_start=40, said_end=60)
    first = services.make_task(
        here.agent, project=here.project, title="Print", said_in_id=7, said_start=3, said_end=9
    )
    _make(here, said_in_id=8)
    found = queries.said_in(here.agent, [7])
    assert [(type(row).__name__, row.pk) for row in found[7]] == [("Task", first.pk), ("Promise", later.pk)]
    assert queries.said_in(outsider(), [7]) == {}


def test_open_promises_of_a_person(at):
    here = world()
    soon, dateless = _make(here, party=here.person, due_at=NOW), _make(here, party=here.person)
    services.settle_promise(here.agent, _make(here, party=here.person), state="kept")
    _make(here, party=party(here.project))
    assert [row.pk for row in queries.open_of_parties(here.agent, [here.person.pk])] == [soon.pk, dateless.pk]
    assert queries.open_of_parties(outsider(), [here.person.pk]) == []
