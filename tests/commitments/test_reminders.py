"""Reminders: each once, in the reader's language, never of what the reader may not read; at most one mail a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail

from commitments.world import NOW, World, world
from enishi.accounts.access import Level
from enishi.accounts.models import Grant
from enishi.commitments import services
from enishi.commitments.models import Promise
from enishi.due import services as due
from enishi.due.kinds import moment_of
from enishi.due.models import Digest, Reminder
from enishi.timeline.models import Notification
from factories import grant, manager, role

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def _make(here: World, *, due: dt.datetime, **values: Any) -> Promise:
    given: dict[str, Any] = {
        "project": here.project,
        "title": "Send the survey",
        "direction": "ours",
        "owner": here.user,
    }
    return services.make_promise(here.agent, due_at=due, **{**given, **values})


def _told() -> list[str]:
    return list(Notification.objects.filter(kind="reminder").order_by("pk").values_list("title", flat=True))


def _send() -> list[bool]:
    return [due.send_digest(digest.pk) for digest in Digest.objects.order_by("pk")]


@pytest.mark.parametrize(
    ("due", "born", "zone_hours", "moment"),
    [
        (NOW - HOUR, NOW - HOUR, 0, "late"),
        (NOW + HOUR, NOW - DAY, 0, "due"),
        (NOW + HOUR, NOW - HOUR, 0, None),
        (NOW + 2 * DAY, NOW - 5 * DAY, 0, "soon"),
        (NOW + 2 * DAY, NOW - HOUR, 0, None),
        (NOW + 3 * DAY, NOW - 5 * DAY, 0, None),
        # 16:00 in London is the next day in Tokyo.
        (dt.datetime(2026, 11, 17, 16, tzinfo=dt.UTC), NOW - 5 * DAY, 9, "soon"),
    ],
)
def test_what_is_near_by_the_owners_own_days(due, born, zone_hours, moment):
    zone = dt.timezone(dt.timedelta(hours=zone_hours))
    assert moment_of(due, born, NOW, zone) == moment


def test_nobody_is_reminded_of_what_is_done_and_waits_for_proof(at):
    here = world()
    made = _make(here, due=NOW + 5 * DAY)
    at(NOW + 4 * DAY)
    due.remind_all()
    due.plan_digests()
    services.report_done(here.agent, made)
    assert _send() == [False]
    at(NOW + 8 * DAY)
    assert due.remind_all() == 0
    assert _told() == ["Due soon: Send the survey"]


def test_each_moment_is_told_once(at):
    here = world()
    _make(here, due=NOW + 5 * DAY)
    services.make_task(
        here.agent, project=here.project, title="Print it", owner=here.user, due_at=NOW + 5 * DAY
    )
    for hours in range(0, 8 * 24, 6):
        at(NOW + hours * HOUR)
        due.remind_all()
        due.remind_all()
    assert _told() == [
        "Due soon: Send the survey", "Due soon: Print it", "Due today: Send the survey", "Due today: Print it",
        "Late: Send the survey", "Late: Print it",
    ]  # fmt: skip
    assert Reminder.objects.count() == 6


def test_a_moved_date_is_told_anew(at):
    here = world()
    made = _make(here, due=NOW + HOUR)
    at(NOW + 2 * HOUR)
    due.remind_all()
    services.change_promise(here.agent, made, due_at=NOW + 4 * HOUR)
    at(NOW + 5 * HOUR)
    due.remind_all()
    assert _told() == ["Late: Send the survey"] * 2


def test_what_is_settled_or_owned_by_nobody_is_quiet(at):
    here = world()
    services.settle_promise(here.agent, _make(here, due=NOW + HOUR), state="kept")
    _make(here, due=NOW + HOUR, owner=None)
    at(NOW + DAY)
    assert due.remind_all() == 0


def test_nobody_is_told_of_what_they_may_no_longer_read(at):
    here = world()
    _make(here, due=NOW + HOUR)
    Grant.objects.filter(user=here.user).delete()
    at(NOW + DAY)
    assert due.remind_all() == 0


def test_confidential_words_are_not_shown(at):
    here = world()
    grant(here.user, here.project, role(clearance=Level.RESTRICTED))
    services.make_promise(
        manager(here.project), project=here.project, title="Call the lawyer", direction="ours", owner=here.user,
        due_at=NOW + HOUR, confidentiality=Level.CONFIDENTIAL,
    )  # fmt: skip
    at(NOW + DAY)
    due.remind_all()
    due.plan_digests()
    assert _send() == [True]
    assert _told() == ["Something confidential is late."]
    assert "lawyer" not in mail.outbox[0].body
    assert "Something confidential" in mail.outbox[0].body


def test_one_mail_a_day_however_often_the_jobs_run(at):
    here = world()
    for n in range(3):
        _make(here, due=NOW + n * HOUR, title=f"Promise {n}")
    at(NOW + 4 * HOUR)
    for _time in range(3):
        due.remind_all()
        due.plan_digests()
    assert [_send(), _send()] == [[True], [False]]
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([here.user.email], "3 things need you")
    assert sent.body.count("Promise ") == 3
    assert f"/promises/{Promise.objects.unscoped('test').first().pk}/" in sent.body
    _make(here, due=NOW + 5 * HOUR, title="Promise 4")
    at(NOW + 6 * HOUR)
    due.remind_all()
    assert due.plan_digests() == 0
    at(NOW + DAY)
    assert due.plan_digests() == 1
    assert _send() == [False, True]
    assert "Promise 4" in mail.outbox[1].body
    assert "Promise 0" not in mail.outbox[1].body


def test_the_mail_leaves_in_the_readers_morning_and_language(at):
    here = world()
    here.user.language, here.user.time_zone = "fr", "Asia/Tokyo"
    here.user.save()
    _make(here, due=NOW + 3 * HOUR)
    # Half past ten in the evening in Tokyo, then three at night, then seven.
    at(dt.datetime(2026, 11, 17, 18, tzinfo=dt.UTC))
    due.remind_all()
    assert due.plan_digests() == 0
    at(dt.datetime(2026, 11, 17, 22, 5, tzinfo=dt.UTC))
    assert due.plan_digests() == 1
    assert Digest.objects.get().day == dt.date(2026, 11, 18)


def test_who_wants_no_mail_gets_none(at):
    here = world()
    here.user.reminder_mail = False
    here.user.save()
    _make(here, due=NOW + HOUR)
    at(NOW + DAY)
    due.remind_all()
    assert due.plan_digests() == 0


def test_a_mail_with_nothing_left_to_say_is_not_sent(at):
    here = world()
    made = _make(here, due=NOW + HOUR)
    at(NOW + DAY)
    due.remind_all()
    due.plan_digests()
    services.settle_promise(here.agent, made, state="kept")
    assert _send() == [False]
    assert mail.outbox == []
