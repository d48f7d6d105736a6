"""Pausing the clock to the answer: only what ran counts, the first word is owed all the same."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from cases.world import NOW, World, user_of, world
from enishi.accounts.access import Forbidden
from enishi.cases import queries, services
from enishi.cases.clocks import in_words
from enishi.cases.models import Case, CasePause, ReportPage
from enishi.cases.queries import Measure
from enishi.due.services import remind_all
from enishi.timeline.models import Entry, Notification
from factories import agent

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
LOOK = dt.date(2026, 12, 1)


@pytest.fixture
def here(at) -> World:
    return world()


def fresh(case: Case) -> Case:
    return Case.objects.unscoped("a test").select_related("project").get(pk=case.pk)


def pause(here: World, case: Case, **values) -> Case:
    given = {"waits_for": "them", "reason": "Their photos", "look_on": LOOK, **values}
    return services.pause(here.manager, case, **given)


def test_only_business_days_that_ran_count(here, at):
    case = here.case("issue")
    services.acknowledge(here.manager, case)
    promised = fresh(case).resolve_by
    paused = pause(here, case)
    assert (paused.due_at, paused.resolve_by) == (paused.look_again_at, promised)
    assert paused.look_again_at.date() == LOOK
    # Tuesday to the Tuesday after the next: ten business days.
    at(NOW + 14 * DAY)
    going = services.resume(here.manager, case)
    assert (going.paused_days, going.is_paused) == (10, False)
    calendar_days = (going.resolve_by - promised).days
    assert calendar_days >= 14 and going.due_at == going.resolve_by
    one = CasePause.objects.get(case=case)
    assert (one.days, one.until) == (10, NOW + 14 * DAY)
    events = Entry.objects.unscoped("a test").filter(subject_type="cases.case", event__contains="case_")
    told = {entry.event: entry.data for entry in events}
    assert told["cases.case_paused"] == {"reason": "Their photos", "waits_for": "Whoever raised it"}
    assert "cases.case_resumed" in told


def test_the_first_word_is_owed_all_the_same(here):
    case = here.case("issue")
    paused = pause(here, case)
    assert paused.due_at == paused.acknowledge_by
    first, answer = queries.clocks(paused)
    assert (first.state, answer.state) == ("running", "paused")
    assert in_words(answer, "en") == f"Paused with {answer.left} business days left"


def test_a_paused_case_is_not_over_time(here, at):
    case = here.case("issue")
    services.acknowledge(here.manager, case)
    pause(here, case)
    at(NOW + 40 * DAY)
    row = fresh(case)
    assert not row.is_over(NOW + 40 * DAY)
    assert queries.totals(here.manager).over == 0
    assert queries.cases(here.manager, queries.Filter(state="over")).count() == 0
    unanswered = here.case("issue")
    pause(here, unanswered, look_on=LOOK + 60 * DAY)
    at(NOW + 60 * DAY)
    assert queries.totals(here.manager).over == 1


def test_closing_ends_the_pause_and_figures_leave_it_out(here, at):
    case = here.case("enquiry")
    services.acknowledge(here.manager, case)
    pause(here, case)
    at(NOW + 7 * DAY)
    services.change_case(here.manager, case, outcome="Told")
    Case.objects.unscoped("a test").filter(pk=case.pk).update(stage="answer")
    closed = services.move_case(here.manager, case, to="close")
    assert (closed.is_paused, closed.paused_days) == (False, 5)
    measure = Measure(NOW - DAY, NOW + 30 * DAY, NOW + 7 * DAY)
    assert measure.took(closed) == 0
    assert CasePause.objects.get(case=case).until == NOW + 7 * DAY


def test_their_word_lets_the_clock_go_on(here, at):
    page = ReportPage.objects.create(project=here.project, token="t" * 12, is_on=True)
    case, _passphrase = services.report(page, text="Dust")
    pause(here, case, waits_for="them")
    at(NOW + DAY)
    services.tell(fresh(case), text="Here they are")
    assert not fresh(case).is_paused
    pause(here, case, waits_for="others", reason="The laboratory")
    services.tell(fresh(case), text="Any news?")
    assert fresh(case).is_paused


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"look_on": NOW.date()}, "look_on"),
        ({"look_on": NOW.date() + 200 * DAY}, "look_on"),
        ({"reason": "  "}, "reason"),
        ({"waits_for": "rain"}, "waits_for"),
    ],
)
def test_what_is_no_pause(here, values, field):
    with pytest.raises(services.CaseError) as refused:
        pause(here, here.case("issue"), **values)
    assert refused.value.field == field


def test_once_at_a_time_and_only_with_the_right(here):
    case = here.case("issue")
    pause(here, case)
    with pytest.raises(services.CaseError, match="stands still already"):
        pause(here, case)
    with pytest.raises(IntegrityError), transaction.atomic():
        CasePause.objects.create(case=case, waits_for="them", reason="again", since=NOW)
    with pytest.raises(Forbidden):
        services.pause(
            agent(here.project, codes=["cases.view"]), case, waits_for="them", reason="x", look_on=LOOK
        )


def test_the_page_pauses_and_goes_on(here):
    case = here.case("issue")
    client = Client()
    client.force_login(user_of(here.manager))
    address = f"/cases/{case.pk}/"
    refused = client.post(
        f"{address}pause/", {"waits_for": "them", "reason": "Photos", "look_on": "2020-01-01"}
    )
    assert refused.status_code == 422 and "at most half a year from today" in refused.content.decode()
    done = client.post(f"{address}pause/", {"waits_for": "them", "reason": "Photos", "look_on": "2026-12-01"})
    assert (done.status_code, done["Location"]) == (302, address)
    page = client.get(address).content.decode()
    assert "Paused with" in page and "Photos" in page and "look again on 1 Dec" in page
    assert "look again on" not in client.get("/cases/?state=over").content.decode()
    assert client.post(f"{address}go-on/").status_code == 302
    assert "Paused with" not in client.get(address).content.decode()


def test_the_owner_is_told_on_the_day_to_look_again(here, at):
    case = here.case("issue", owner=user_of(here.manager))
    services.acknowledge(here.manager, case)
    pause(here, case)
    at(dt.datetime(2026, 12, 1, 20, tzinfo=dt.UTC))
    assert remind_all() == 1
    title = Notification.objects.filter(user=here.manager.user_id).latest("pk").title
    assert title == f"Look at it again: {fresh(case)}"
