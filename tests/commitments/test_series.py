"""What repeats: each time an item of its own, off the closed days, made once."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from commitments.world import NOW, world
from enishi.accounts.access import Level
from enishi.commitments import queries, services
from enishi.commitments.models import ClosingDay, Promise, Series, Task
from enishi.contacts.models import Party
from enishi.timeline.queries import history_of
from factories import SYSTEM, party

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def _make(here: Any, **values: Any) -> Promise:
    given: dict[str, Any] = {
        "project": here.project,
        "title": "Sample the dust",
        "direction": "ours",
        "due_at": NOW,
    }
    return services.make_promise(here.agent, **{**given, **values})


def _days() -> list[str]:
    rows = Promise.objects.unscoped("test").order_by("due_at")
    return [f"{row.due_at:%a %d %b}" for row in rows if row.due_at]


def test_every_time_is_a_promise_with_a_history_of_its_own(at):
    here = world()
    first = _make(here, rule="RRULE:FREQ=MONTHLY", party=here.person, quote="every month", shift="none")
    assert _days() == ["Tue 17 Nov", "Thu 17 Dec", "Sun 17 Jan"]
    second = Promise.objects.unscoped("test").order_by("due_at")[1]
    assert (second.series_id, second.party_id, second.quote, second.occurrence) == (
        first.series_id, here.person.pk, "every month", dt.date(2026, 12, 17),
    )  # fmt: skip
    services.settle_promise(here.agent, first, state="kept")
    assert [row.state for row in Promise.objects.unscoped("test").order_by("due_at")] == [
        "kept",
        "open",
        "open",
    ]
    assert [entry.event for entry in history_of(SYSTEM, "commitments.promise", second.pk)] == [
        "commitments.promise_made"
    ]


def test_times_move_off_weekends_holidays_and_closing_days(at):
    here = world()
    ClosingDay.objects.create(day=dt.date(2026, 11, 30), name="Inventory")
    ClosingDay.objects.create(day=dt.date(2026, 12, 2), name="Somewhere else", project=None)
    # 28 Nov is a Saturday, 25 and 28 Dec are holidays in Great Britain.
    _make(
        here,
        due_at=dt.datetime(2026, 11, 28, 10, tzinfo=dt.UTC),
        rule="FREQ=MONTHLY;COUNT=2",
        shift="forward",
    )
    assert _days() == ["Tue 01 Dec", "Tue 29 Dec"]


def test_two_times_that_meet_on_one_day_become_one(at):
    here = world()
    _make(
        here, due_at=dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC), rule="FREQ=DAILY;COUNT=4", shift="backward"
    )
    assert _days() == ["Fri 20 Nov", "Mon 23 Nov"]


@pytest.mark.parametrize(
    "rule", ["FREQ=HOURLY", "FREQ=", "every week", "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2", "X" * 500]
)
def test_a_rule_that_cannot_be_used_is_told_at_its_field(at, rule):
    here = world()
    with pytest.raises(services.CommitmentError) as refused:
        _make(here, rule=rule)
    assert refused.value.field == "rule"
    assert not Series.objects.unscoped("test").exists()


def test_the_job_makes_what_is_missing_once(at):
    here = world()
    _make(here, rule="FREQ=WEEKLY", shift="none")
    made = Promise.objects.unscoped("test").count()
    assert made == 13
    assert services.extend_all_series(SYSTEM) == 0
    at(NOW + 14 * DAY)
    assert services.extend_all_series(SYSTEM) == 2
    assert services.extend_all_series(SYSTEM) == 0
    due = [row.due_at for row in Promise.objects.unscoped("test").order_by("due_at")]
    assert [later - earlier for earlier, later in itertools.pairwise(due)] == [7 * DAY] * 14


def test_a_moved_or_deleted_time_is_not_made_again(at):
    here = world()
    _make(here, rule="FREQ=WEEKLY", shift="none")
    rows = list(Promise.objects.unscoped("test").order_by("due_at"))
    # Moved onto the day of the next one: allowed, each keeps the day its rule gave it.
    services.change_promise(here.agent, rows[-2], due_at=rows[-1].due_at)
    services.delete_promise(here.agent, rows[-1])
    at(NOW + 7 * DAY)
    assert services.extend_all_series(SYSTEM) == 1
    assert Promise.objects.unscoped("test").count() == 13


def test_a_rule_far_ahead_is_made_up_to_its_first_time(at):
    here = world()
    first = _make(here, due_at=NOW + 400 * DAY, rule="FREQ=YEARLY", shift="none")
    assert (Promise.objects.unscoped("test").count(), first.due_at) == (1, NOW + 400 * DAY)


def test_stopping_takes_the_untouched_times_and_can_be_undone(at):
    here = world()
    first = _make(here, rule="FREQ=WEEKLY", shift="none")
    touched = Promise.objects.unscoped("test").order_by("due_at")[3]
    services.change_promise(here.agent, touched, title="Sample the dust twice")
    at(NOW + DAY)
    entry = services.end_series(here.agent, first.series)
    assert _days() == ["Tue 17 Nov", "Tue 08 Dec"]
    assert entry.data == {"removed": 11}
    at(NOW + 15 * DAY)
    services.undo(here.agent, entry.pk)
    assert _days()[:3] == ["Tue 17 Nov", "Tue 08 Dec", "Tue 15 Dec"]
    assert Series.objects.unscoped("test").get().ended_at is None


def test_a_change_of_the_series_reaches_what_is_open_and_what_comes(at):
    here = world()
    first = _make(here, rule="FREQ=WEEKLY", shift="none")
    rows = list(Promise.objects.unscoped("test").order_by("due_at"))
    services.settle_promise(here.agent, rows[1], state="kept")
    at(NOW + DAY)
    changed = services.change_series(here.agent, first.series, title="Sample dust and noise", owner=here.user)
    assert changed == 11
    at(NOW + 8 * DAY)
    services.extend_all_series(SYSTEM)
    titles = [row.title for row in Promise.objects.unscoped("test").order_by("due_at")]
    assert titles == ["Sample the dust"] * 2 + ["Sample dust and noise"] * 13
    assert Promise.objects.unscoped("test").order_by("due_at").last().owner_id == here.user.pk


def test_times_of_a_merged_person_go_to_the_survivor(at):
    here = world()
    _make(here, rule="FREQ=WEEKLY", shift="none", party=here.person)
    survivor = party(here.project, "Tanaka Aoi (kept)", confidentiality=Level.CONFIDENTIAL)
    Party.objects.unscoped("as a merge does").filter(pk=here.person.pk).update(
        merged_into=survivor, deleted_at=NOW
    )
    at(NOW + 7 * DAY)
    assert services.extend_all_series(SYSTEM) == 1
    last = Promise.objects.unscoped("test").order_by("due_at").last()
    assert (last.party_id, last.confidentiality) == (survivor.pk, Level.CONFIDENTIAL)


def test_tasks_repeat_too(at):
    here = world()
    services.make_task(
        here.agent,
        project=here.project,
        title="Water the plants",
        due_at=NOW,
        rule="FREQ=WEEKLY;COUNT=2",
        shift="none",
    )
    assert [row.due_at for row in Task.objects.unscoped("test").order_by("due_at")] == [NOW, NOW + 7 * DAY]


def test_runs_say_how_it_went(at):
    here = world()
    first = _make(here, due_at=NOW - 28 * DAY, rule="FREQ=WEEKLY", shift="none")
    rows = list(Promise.objects.unscoped("test").order_by("due_at"))
    at(NOW - 29 * DAY)
    services.settle_promise(here.agent, rows[0], state="kept")
    at(NOW - 20 * DAY)
    services.settle_promise(here.agent, rows[1], state="kept")
    services.settle_promise(here.agent, rows[2], state="broken", outcome="Ill")
    at(NOW)
    run = queries.runs(here.agent, [first.series_id])[first.series_id]
    assert [time.sign for time in run.times] == ["kept", "kept_late", "broken", "late", "open"]
    assert (run.in_time, run.not_in_time) == (1, 3)
