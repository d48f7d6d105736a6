"""A promise that stays late is told to whoever oversees it: each step once, within rights, in business days."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.db import IntegrityError
from django.test import Client

from commitments.world import NOW, World, world
from enishi.accounts.access import Actor, Level, Via
from enishi.accounts.models import Project, User
from enishi.accounts.queries import actor as actor_of
from enishi.commitments import services
from enishi.commitments.models import Promise
from enishi.core import jobs
from enishi.due import services as late_ones
from enishi.due.models import Escalation, Step
from enishi.timeline.models import Entry, Notification
from factories import READ, SYSTEM, grant, project, role, user

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
To = Step.To


@pytest.fixture(autouse=True)
def deferred(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The jobs that were deferred."""
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(jobs, "defer", lambda name, **given: asked.append({"name": name, **given}))
    return asked


def somebody(
    name: str, where: Project | None, *, codes: tuple[str, ...] = (), clearance: int = Level.INTERNAL
) -> User:
    made = user(name)
    grant(made, where, role(codes=[*READ, "commitments.edit", *codes], clearance=clearance))
    return made


def setting(country: str = "GB") -> tuple[Project, User, User, Actor]:
    """A project with an owner of promises and somebody who oversees it."""
    where = project("Tidewall East", country=country)
    owner, lead = somebody("Owner", where), somebody("Lead", where, codes=("commitments.oversee",))
    return where, owner, lead, actor_of(owner, via=Via.WEB)


def late(where: Project, owner: User, by: Actor, due_at: dt.datetime, **values: object) -> Promise:
    given = {"direction": "ours", "owner": owner, "title": "Noise survey", **values}
    return services.make_promise(by, project=where, due_at=due_at, **given)


def told() -> list[tuple[str, int]]:
    return [(one.user.name, one.days) for one in Escalation.objects.select_related("user").order_by("pk")]


def run(at: object, moment: dt.datetime) -> int:
    at(moment)
    return late_ones.escalate_all(SYSTEM)


def test_three_business_days_late_the_one_who_oversees_is_told_once(at, deferred):
    where, owner, lead, acting = setting()
    # Due on a Friday: the third business day after it is Wednesday.
    promise = late(where, owner, acting, dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC))
    assert run(at, dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)) == 0
    assert [run(at, dt.datetime(2026, 11, 25, hour, tzinfo=dt.UTC)) for hour in (8, 9)] == [1, 0]
    assert told() == [("Lead", 3)]
    [note] = Notification.objects.filter(kind="escalation")
    assert (note.user, note.title, note.url) == (
        lead,
        "3 business days late: Noise survey",
        f"/promises/{promise.pk}/",
    )
    [job] = [one for one in deferred if one["name"] == "due.send_escalation"]
    assert [late_ones.send_escalation(job["escalation_id"]) for _time in (1, 2)] == [True, False]
    [letter] = mail.outbox
    assert letter.to == [lead.email] and letter.subject == "3 business days late: Noise survey"
    assert f"/promises/{promise.pk}/" in letter.body and "Owner: Owner" in letter.body
    entry = Entry.objects.unscoped("test").get(event="commitments.promise_escalated")
    assert entry.data == {"days": 3, "told": ["Lead"]}
    browser = Client()
    browser.force_login(owner)
    assert "to Lead, 3 business days late" in browser.get(f"/promises/{promise.pk}/").content.decode()


def test_holidays_of_the_project_do_not_count(at):
    where, owner, _lead, acting = setting("JP")
    # Golden Week 2027: 29 April, 3 to 5 May are holidays; Friday 30 April and Thursday 6 May are open.
    late(where, owner, acting, dt.datetime(2027, 4, 28, 3, tzinfo=dt.UTC))
    assert run(at, dt.datetime(2027, 5, 6, 12, tzinfo=dt.UTC)) == 0
    assert run(at, dt.datetime(2027, 5, 7, 12, tzinfo=dt.UTC)) == 1


def test_what_was_kept_moved_or_is_theirs_is_not_told(at, deferred):
    where, owner, _lead, acting = setting()
    due = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    at(NOW)
    moved = late(where, owner, acting, due)
    services.settle_promise(acting, late(where, owner, acting, due), state="kept")
    services.report_done(acting, late(where, owner, acting, due))
    late(where, owner, acting, due, direction="theirs")
    late(where, owner, acting, due, negative=True)
    assert run(at, due + 7 * DAY) == 1
    services.settle_promise(acting, moved, state="kept")
    # Kept before the mail left.
    assert late_ones.send_escalation(deferred[-1]["escalation_id"]) is False and mail.outbox == []
    again = late(where, owner, acting, due + 6 * DAY)
    assert run(at, due + 12 * DAY) == 1
    services.change_promise(acting, again, due_at=due + 13 * DAY)
    # A new date begins anew.
    assert run(at, due + 18 * DAY) == 1


def test_what_became_late_long_ago_is_left_alone(at):
    where, owner, _lead, acting = setting()
    late(where, owner, acting, NOW - 60 * DAY)
    assert run(at, NOW) == 0


def test_steps_of_the_nearest_project_hold(at):
    above = project("Tidewall", country="GB")
    below = project("East", country="GB", parent=above)
    owner = somebody("Owner", above)
    lead, chief = somebody("Lead", above, codes=("commitments.oversee",)), somebody("Chief", above)
    acting, due = actor_of(owner, via=Via.WEB), dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    late_ones.add_step(SYSTEM, days=1, to=To.OVERSEERS, project=above)
    late_ones.add_step(SYSTEM, days=2, to=To.PERSON, user=chief, project=above)
    at(NOW)
    promise = late(below, owner, acting, due)
    run(at, due + 7 * DAY)
    assert told() == [("Lead", 1), ("Chief", 2)]
    late_ones.add_step(SYSTEM, days=1, to=To.NOBODY, project=below)
    at(NOW)
    late(below, owner, acting, due, title="Quiet")
    run(at, due + 7 * DAY)
    assert {one.subject_id for one in Escalation.objects.all()} == {promise.pk}
    assert lead.pk != chief.pk


def test_nobody_is_told_of_what_they_may_not_read_nor_of_their_own(at):
    where, owner, lead, _acting = setting()
    boss = somebody("Boss", None, codes=("commitments.oversee",), clearance=Level.RESTRICTED)
    reader = somebody("Reader", where)
    by, due = actor_of(boss, via=Via.WEB), dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    at(NOW)
    secret = late(where, None, by, due, title="Zymurgia", confidentiality=Level.CONFIDENTIAL)
    own = late(where, lead, by, due, title="Own")
    late_ones.add_step(SYSTEM, days=4, to=To.PERSON, user=reader)
    late_ones.add_step(SYSTEM, days=3, to=To.OVERSEERS)
    run(at, due + 10 * DAY)
    rows = {(one.subject_id, one.user.name) for one in Escalation.objects.select_related("user")}
    assert rows == {(secret.pk, "Boss"), (own.pk, "Boss"), (own.pk, "Reader")}
    assert not any("Zymurgia" in note.title for note in Notification.objects.all())
    assert owner.pk


def test_a_step_that_fails_in_between_leaves_nothing_half_done(at, monkeypatch):
    where, owner, _lead, acting = setting()
    due = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    at(NOW)
    late(where, owner, acting, due)
    from enishi.commitments.services import due as escalation

    with monkeypatch.context() as broken:

        def fail(*_args: object, **_given: object) -> None:
            raise IntegrityError("the line broke")

        broken.setattr(escalation, "record", fail)
        with pytest.raises(IntegrityError):
            run(at, due + 7 * DAY)
    assert told() == [] and not Notification.objects.filter(kind="escalation").exists()
    assert [run(at, due + 7 * DAY), run(at, due + 7 * DAY)] == [1, 0]


def test_the_rule_is_set_up_by_who_may_and_recorded(at):
    here: World = world()
    browser = Client()
    browser.force_login(here.user)
    assert browser.get("/settings/late/").status_code == 403
    assert browser.post("/settings/late/", {"days": "1", "to": "overseers"}).status_code == 403
    admin = user("Admin")
    grant(admin, None, role(clearance=Level.RESTRICTED))
    browser.force_login(admin)
    page = browser.post("/settings/late/", {"days": "5", "to": "person"})
    assert page.status_code == 422 and "Choose whom to tell." in page.content.decode()
    browser.post(
        "/settings/late/", {"days": "5", "to": "person", "user": admin.pk, "project": here.project.pk}
    )
    step = Step.objects.get()
    assert (step.days, step.user, step.project) == (5, admin, here.project)
    assert (
        browser.post(
            "/settings/late/", {"days": "5", "to": "person", "user": admin.pk, "project": here.project.pk}
        ).status_code
        == 422
    )
    browser.post(f"/settings/late/{step.pk}/remove/")
    assert not Step.objects.exists()
    assert Entry.objects.unscoped("test").filter(event="commitments.escalation_changed").count() == 2
