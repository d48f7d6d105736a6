"""Reports that are sent by themselves: when, to whom, each what they may see, and what stops them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from enishi.accounts.access import Forbidden, Level
from enishi.accounts.models import Grant, User
from enishi.core import clock
from enishi.reports import queries, services
from enishi.reports.models import Dispatch, Report, Schedule
from enishi.reports.services import scheduling
from enishi.timeline.models import Entry, Notification
from factories import agent, outsider
from reports.world import NOW

DUE = dt.datetime(2026, 12, 1, 8, tzinfo=dt.UTC)


@pytest.fixture
def queue(monkeypatch) -> list[tuple[str, dict[str, object]]]:
    """The jobs that were put into the queue."""
    jobs: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(scheduling.jobs, "defer", lambda name, **values: jobs.append((name, values)))
    return jobs


def _plan(here, by=None, to=(), **values) -> Schedule:
    by = by or here.manager
    given = {"definition": "engagement", "rhythm": "monthly", "language": "en", "zone": "UTC", **values}
    choice = here.choice(
        level=given.pop("level", Level.INTERNAL), project_id=given.pop("project_id", here.project.pk)
    )
    return services.schedule_report(
        by, choice=choice, recipient_ids=[one.user_id for one in to or [by]], **given
    )


def _at(monkeypatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.parametrize(
    ("rhythm", "after", "expected"),
    [
        ("weekly", dt.datetime(2026, 11, 17, 9), dt.datetime(2026, 11, 23, 8)),
        ("weekly", dt.datetime(2026, 11, 23, 7), dt.datetime(2026, 11, 23, 8)),
        ("weekly", dt.datetime(2026, 11, 23, 8), dt.datetime(2026, 11, 30, 8)),
        ("monthly", dt.datetime(2026, 11, 17, 9), dt.datetime(2026, 12, 1, 8)),
        # 1 January is a holiday, 2 and 3 are a weekend
        ("monthly", dt.datetime(2026, 12, 1, 8), dt.datetime(2027, 1, 4, 8)),
        ("monthly", dt.datetime(2027, 1, 2, 8), dt.datetime(2027, 1, 4, 8)),
    ],
)
def test_when(here, rhythm, after, expected):
    after, expected = after.replace(tzinfo=dt.UTC), expected.replace(tzinfo=dt.UTC)
    assert services.next_time(rhythm, here.project, "UTC", after=after) == expected


def test_about_which_days():
    assert services.period("weekly", dt.date(2026, 11, 23)) == (dt.date(2026, 11, 16), dt.date(2026, 11, 22))
    assert services.period("monthly", dt.date(2026, 12, 1)) == (dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    assert services.period("monthly", dt.date(2027, 1, 4)) == (dt.date(2026, 12, 1), dt.date(2026, 12, 31))


def test_each_gets_what_they_may_see(here, queue, monkeypatch):
    planned = _plan(here, to=[here.manager, here.agent], level=Level.CONFIDENTIAL)
    assert planned.next_at == DUE
    _at(monkeypatch, DUE)
    assert services.send_due() == 1
    assert services.send_due() == 0
    ((name, values),) = queue
    assert (name, values["schedule_id"]) == ("reports.dispatch", planned.pk)
    queue.clear()
    sent = services.dispatch(planned.pk, DUE)
    assert sent is not None
    assert (sent.sent, sent.left_out) == (2, [])
    by_level = {report.confidentiality: report for report in sent.reports.unscoped("test")}
    assert set(by_level) == {Level.CONFIDENTIAL, Level.INTERNAL}
    assert by_level[Level.INTERNAL].filters["since"] == "2026-11-01"
    secret = next(table for table in queries.tables(by_level[Level.CONFIDENTIAL]))
    assert "Secret land deal" in str(list(queries.rows(by_level[Level.CONFIDENTIAL], secret)))
    assert "Secret land deal" not in str(list(queries.rows(by_level[Level.INTERNAL], secret)))
    for _name, values in queue:
        assert services.mail_report(**values)
    assert services.dispatch(planned.pk, DUE) is None
    boss, worker = (User.objects.get(pk=one.user_id).email for one in (here.manager, here.agent))
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert set(letters) == {boss, worker}
    # the confidential one does not leave the house
    assert (letters[boss].subject, letters[boss].attachments) == ("Engagement register", [])
    assert "We talked" not in letters[boss].body
    assert (
        letters[worker].subject
        == "Engagement register: We talked with 2 people, 1 of them for the first time"
    )
    (attached,) = letters[worker].attachments
    assert (attached[0].endswith(".pdf"), attached[1][:5]) == (True, b"%PDF-")
    assert Entry.objects.unscoped("test").get(event="reports.report_sent").data == {"sent": 2, "left_out": []}


def test_nobody_is_sent_what_they_may_not_see(here, queue, monkeypatch):
    with pytest.raises(queries.ReportError, match="may not see this report"):
        _plan(here, to=[here.manager, outsider()])
    with pytest.raises(queries.ReportError, match="at least one"):
        services.schedule_report(
            here.manager, definition="engagement", choice=here.choice(), language="en", zone="UTC", rhythm="weekly",
            recipient_ids=[],
        )  # fmt: skip
    with pytest.raises(Forbidden):
        _plan(here, by=agent(here.project, codes=["reports.view", "conversations.view", "contacts.view"]))
    planned = _plan(here, to=[here.manager, here.agent])
    Grant.objects.filter(user_id=here.agent.user_id).delete()
    sent = services.dispatch(planned.pk, DUE)
    assert sent is not None
    assert (sent.sent, sent.left_out) == (1, ["Agent"])
    told = Notification.objects.get(user_id=here.manager.user_id)
    assert told.title == "Not sent to Agent: they may not see this report any more."


def test_a_letter_waits_for_the_rights_of_the_moment(here):
    report = here.report()
    Grant.objects.filter(user_id=here.agent.user_id).delete()
    assert services.mail_report(report.pk, here.agent.user_id) is False
    assert mail.outbox == []


def test_an_archived_project_stops_it(here, queue):
    planned = _plan(here)
    here.project.archived_at = NOW
    here.project.save()
    assert services.dispatch(planned.pk, DUE) is None
    planned.refresh_from_db()
    assert (planned.paused_at, planned.trouble) == (NOW, "The project Tidewall East is archived.")
    assert (
        Notification.objects.get(user_id=here.manager.user_id).title
        == "The project Tidewall East is archived."
    )
    assert Report.objects.unscoped("test").count() == Dispatch.objects.count() == 0


def test_who_planned_it_and_lost_the_right_stops_it(here, queue):
    planned = _plan(here, by=here.agent, to=[here.manager])
    Grant.objects.filter(user_id=here.agent.user_id).delete()
    assert services.dispatch(planned.pk, DUE) is None
    planned.refresh_from_db()
    assert planned.trouble == "Agent, who planned it, may not make this report any more."


def test_pausing_resuming_and_ending(here, queue, monkeypatch):
    planned = services.pause_schedule(here.manager, _plan(here), paused=True)
    _at(monkeypatch, DUE + dt.timedelta(days=3))
    assert services.send_due() == 0
    planned = services.pause_schedule(here.manager, planned, paused=False)
    assert planned.next_at == dt.datetime(2027, 1, 4, 8, tzinfo=dt.UTC)
    with pytest.raises(Forbidden):
        services.end_schedule(agent(here.project, codes=["reports.view"]), planned)
    services.change_schedule(here.manager, planned, rhythm="weekly", recipient_ids=[here.agent.user_id])
    assert planned.next_at == dt.datetime(2026, 12, 7, 8, tzinfo=dt.UTC)
    services.end_schedule(here.manager, planned)
    assert Schedule.objects.unscoped("test").count() == 0
    events = Entry.objects.unscoped("test").filter(subject_type="reports.schedule").order_by("pk")
    assert [entry.event.rpartition("_")[2] for entry in events] == [
        "made",
        "changed",
        "changed",
        "changed",
        "ended",
    ]


def test_who_sees_a_schedule(here, queue):
    _plan(here, level=Level.CONFIDENTIAL)
    assert queries.schedules(here.manager).count() == 1
    assert queries.schedules(here.agent).count() == 0
    assert queries.schedules(outsider()).count() == 0
