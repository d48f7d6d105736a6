"""What holds for everything that falls due, whichever app it belongs to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail

from commitments.world import NOW
from enishi.accounts.access import Level, Via
from enishi.accounts.models import Grant, Project, User
from enishi.accounts.queries import actor as actor_of
from enishi.cases.models import Case
from enishi.cases.services import open_case
from enishi.commitments import services as commitments
from enishi.commitments.models import ClosingDay, Duty, Promise, Task
from enishi.core import jobs
from enishi.due import services
from enishi.due.kinds import Escalating, kinds
from enishi.due.models import Digest, Escalation, Reminder
from enishi.timeline.models import Notification
from factories import READ, SYSTEM, grant, party, project, role, user
from together import at_once

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# A Friday; the third business day after it is a Wednesday.
DUE = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
THIRD = dt.datetime(2026, 12, 2, 12, tzinfo=dt.UTC)


@dataclass
class Setting:
    """A project with an owner, somebody who oversees it, and somebody who may see none of it."""

    project: Project
    owner: User
    lead: User
    outsider: User


@pytest.fixture(autouse=True)
def deferred(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(jobs, "defer", lambda name, **given: asked.append({"name": name, **given}))
    return asked


def _setting() -> Setting:
    where = project("Tidewall East", country="GB")
    owner, lead = user("Owner"), user("Lead")
    grant(owner, where, role(codes=[*READ, "commitments.edit", "cases.edit"], clearance=Level.RESTRICTED))
    grant(lead, where, role(codes=[*READ, "commitments.oversee"], clearance=Level.RESTRICTED))
    return Setting(where, owner, lead, user("Outside Olga"))


def _promise(here: Setting, **values: Any) -> Promise:
    by = actor_of(here.owner, via=Via.WEB)
    return commitments.make_promise(
        by, project=here.project, title="Zymurgia", direction="ours", owner=here.owner, due_at=DUE, **values
    )


def _task(here: Setting, **values: Any) -> Task:
    by = actor_of(here.owner, via=Via.WEB)
    return commitments.make_task(
        by, project=here.project, title="Zymurgia", owner=here.owner, due_at=DUE, **values
    )


def _duty(here: Setting, **values: Any) -> Duty:
    by = actor_of(here.owner, via=Via.WEB)
    source = commitments.write_source(
        by, project=here.project, kind="permit", title="Permit", authority=party(here.project), **values
    )
    [duty] = commitments.write_duties(
        by, source, [commitments.DutyDraft("Zymurgia", owner=here.owner, review_months=1)]
    )
    Duty.objects.unscoped("test").filter(pk=duty.pk).update(next_review_on=DUE.date())
    return duty


def _case(here: Setting, **values: Any) -> Case:
    case = open_case(
        actor_of(here.owner, via=Via.WEB),
        project=here.project,
        kind="issue",
        title="Zymurgia",
        owner=here.owner,
        **values,
    )
    Case.objects.unscoped("test").filter(pk=case.pk).update(due_at=DUE)
    return case


MAKE: dict[str, Callable[..., Any]] = {
    "commitments.promise": _promise,
    "commitments.task": _task,
    "commitments.duty": _duty,
    "cases.case": _case,
}
SETTLED: dict[str, dict[str, Any]] = {
    "commitments.promise": {"state": "kept", "settled_at": NOW},
    "commitments.task": {"done_at": NOW},
    "commitments.duty": {"ended_at": NOW},
    "cases.case": {"closed_at": NOW, "due_at": None},
}
EVERY = pytest.mark.parametrize("name", sorted(MAKE))
LATE = pytest.mark.parametrize("name", ["cases.case", "commitments.promise"])


def _settle(name: str, row: Any) -> None:
    type(row).objects.unscoped("test").filter(pk=row.pk).update(**SETTLED[name])


def _told(who: User | None = None) -> list[str]:
    rows = Notification.objects.exclude(kind="escalation")
    return list((rows.filter(user=who) if who else rows).order_by("pk").values_list("title", flat=True))


def test_every_kind_is_held_to_this():
    assert set(kinds()) == set(MAKE)
    assert {name for name, kind in kinds().items() if isinstance(kind, Escalating)} == {
        "cases.case", "commitments.promise",
    }  # fmt: skip


@EVERY
def test_each_moment_is_told_once_to_the_owner_alone(at, name):
    here = _setting()
    MAKE[name](here)
    for hours in range(0, 12 * 24, 8):
        at(NOW + hours * HOUR)
        services.remind_all()
        services.remind_all()
    told = _told(here.owner)
    moments = list(Reminder.objects.order_by("pk").values_list("moment", flat=True))
    assert len(told) == len(moments) == len(set(told)) and moments[-1] == kinds()[name].last
    assert all("Zymurgia" in title for title in told) and _told() == told


@EVERY
def test_what_is_settled_is_quiet(at, name):
    here = _setting()
    _settle(name, MAKE[name](here))
    at(DUE + DAY)
    assert services.remind_all() == 0 and services.escalate_all(SYSTEM) == 0


@EVERY
def test_nobody_is_reminded_of_what_they_may_no_longer_read(at, name):
    here = _setting()
    MAKE[name](here)
    Grant.objects.filter(user=here.owner).delete()
    at(DUE + DAY)
    assert services.remind_all() == 0 and _told() == []


@EVERY
def test_nobody_who_was_switched_off_is_reminded(at, name):
    here = _setting()
    MAKE[name](here)
    User.objects.filter(pk=here.owner.pk).update(is_active=False)
    at(DUE + DAY)
    assert services.remind_all() == 0


@EVERY
def test_confidential_words_leave_with_neither_notification_nor_mail(at, name):
    here = _setting()
    row = MAKE[name](here)
    type(row).objects.unscoped("test").filter(pk=row.pk).update(confidentiality=Level.CONFIDENTIAL)
    at(DUE + DAY)
    assert services.remind_all() == 1
    at(THIRD)
    services.escalate_all(SYSTEM)
    services.plan_digests()
    assert [services.send_digest(one.pk) for one in Digest.objects.all()] == [True]
    for one in Escalation.objects.all():
        assert services.send_escalation(one.pk)
    said = [
        *Notification.objects.values_list("title", flat=True),
        *(f"{m.subject} {m.body}" for m in mail.outbox),
    ]
    assert len(said) >= 2 and not any("Zymurgia" in words for words in said)


def test_one_mail_a_day_tells_of_every_kind(at):
    here = _setting()
    rows = {name: make(here) for name, make in MAKE.items()}
    at(DUE + DAY)
    assert services.remind_all() == 4
    assert [services.plan_digests(), services.plan_digests()] == [1, 0]
    digest = Digest.objects.get()
    _settle("commitments.task", rows["commitments.task"])
    assert [services.send_digest(digest.pk), services.send_digest(digest.pk)] == [True, False]
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == ([here.owner.email], "3 things need you")
    for name, kind in kinds().items():
        assert (kind.address(rows[name]) in letter.body) == (name != "commitments.task")


@EVERY
@pytest.mark.django_db(transaction=True)
def test_two_workers_remind_once(at, name):
    here = _setting()
    MAKE[name](here)
    at(DUE + DAY)
    at_once(services.remind_all)
    assert len(_told(here.owner)) == Reminder.objects.count() == 1
    at_once(services.plan_digests)
    assert Digest.objects.count() == 1
    at_once(lambda: services.send_digest(Digest.objects.get().pk))
    assert len(mail.outbox) == 1


@LATE
def test_what_stays_late_is_told_once_to_whoever_oversees(at, name, deferred):
    here = _setting()
    MAKE[name](here)
    at(THIRD - DAY)
    assert services.escalate_all(SYSTEM) == 0
    at(THIRD)
    assert [services.escalate_all(SYSTEM), services.escalate_all(SYSTEM)] == [1, 0]
    at(THIRD + 2 * DAY)
    assert services.escalate_all(SYSTEM) == 0
    [told] = Escalation.objects.all()
    assert (told.subject_type, told.user, told.days) == (name, here.lead, 3)
    [job] = [one for one in deferred if one["name"] == "due.send_escalation"]
    assert [services.send_escalation(job["escalation_id"]) for _time in (1, 2)] == [True, False]
    assert [letter.to for letter in mail.outbox] == [[here.lead.email]]


@LATE
def test_what_is_settled_moved_or_taken_from_them_before_the_mail_is_not_told(at, name):
    for how in ("settled", "moved", "taken"):
        here = _setting()
        row = MAKE[name](here)
        at(THIRD)
        assert services.escalate_all(SYSTEM) == 1
        told = Escalation.objects.latest("pk")
        if how == "settled":
            _settle(name, row)
        elif how == "moved":
            type(row).objects.unscoped("test").filter(pk=row.pk).update(due_at=THIRD + 9 * DAY)
        else:
            Grant.objects.filter(user=here.lead).delete()
        assert services.send_escalation(told.pk) is False
        type(row).objects.unscoped("test").filter(pk=row.pk).update(**SETTLED[name])
        at(NOW)
    assert mail.outbox == []


@LATE
def test_nobody_is_told_of_what_they_may_not_read(at, name):
    here = _setting()
    MAKE[name](here)
    Grant.objects.filter(user=here.lead).delete()
    grant(here.outsider, None, role(codes=["commitments.oversee"], clearance=Level.RESTRICTED))
    at(THIRD)
    assert services.escalate_all(SYSTEM) == 0


@LATE
def test_closing_days_do_not_count_and_nobody_is_told_on_one(at, name):
    here = _setting()
    MAKE[name](here)
    ClosingDay.objects.create(project=here.project, day=THIRD.date() - DAY, name="Stocktaking")
    at(THIRD)
    assert services.escalate_all(SYSTEM) == 0
    # Its day comes, and nothing runs until the Saturday after it.
    at(THIRD + 3 * DAY)
    assert services.escalate_all(SYSTEM) == 0
    at(THIRD + 5 * DAY)
    assert services.escalate_all(SYSTEM) == 1


@LATE
@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_once(at, name):
    here = _setting()
    MAKE[name](here)
    at(THIRD)
    at_once(lambda: services.escalate_all(SYSTEM))
    assert Escalation.objects.count() == Notification.objects.filter(kind="escalation").count() == 1
    told = Escalation.objects.get()
    at_once(lambda: services.send_escalation(told.pk))
    assert len(mail.outbox) == 1


def test_my_day_shows_what_has_no_place_of_its_own_there(at, client):
    here = _setting()
    duty = _duty(here)
    at(DUE + DAY)
    for who, seen in ((here.owner, True), (here.lead, False), (here.outsider, False)):
        client.force_login(who)
        page = client.get("/").content.decode()
        assert ("Duties due for review" in page and f"/promises/duties/{duty.pk}/" in page) is seen
    Duty.objects.unscoped("test").filter(pk=duty.pk).update(ended_at=NOW)
    client.force_login(here.owner)
    assert "Duties due for review" not in client.get("/").content.decode()
