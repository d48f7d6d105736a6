"""The plan: what is written, which conversations fulfil it, what is late, who sees it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from engagement.world import NOW, TODAY, World, browser, day, judged, world
from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import User
from enishi.contacts.models import Party, Tag
from enishi.contacts.services import change_party, set_tags
from enishi.contacts.services import setup as contact_setup
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.engagement import queries, services
from enishi.engagement.models import PlanLine, PlanStep
from enishi.engagement.services import Conflict, EngagementError
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db


def _user(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


def _plan(here: World, **values: Any) -> PlanLine:
    given = {
        "project": here.project, "party": here.aoi, "aim": "Show the new route", "method": "consult",
        "starts_on": TODAY, "owner": _user(here.agent), **values,
    }  # fmt: skip
    line, _entry = services.plan(here.agent, **given)
    return line


def _talk(here: World, who: Party, back: int, *, channel: str = "call", **values: Any) -> Interaction:
    made = log_interaction(
        here.manager, channel=channel, occurred_at=NOW - dt.timedelta(days=back), project_ids=[here.project.pk],
        subject="About the route", participants=[ParticipantDraft(party_id=who.pk)], **values,
    )  # fmt: skip
    services.link_talk(SYSTEM, made.pk)
    return made


def _steps() -> list[tuple[dt.date, str, dt.date | None]]:
    return list(PlanStep.objects.order_by("due_on", "pk").values_list("due_on", "state", "done_on"))


def _last() -> Entry:
    found = Entry.objects.unscoped("test").filter(event__startswith="engagement.").order_by("-pk").first()
    assert found is not None
    return found


def test_a_line_has_its_one_day_or_those_of_its_rule(at):
    here = world()
    _plan(here, starts_on=TODAY + dt.timedelta(days=200))
    assert _steps() == [(TODAY + dt.timedelta(days=200), "open", None)]
    PlanLine.objects.unscoped("test").all().delete()
    _plan(here, rule="FREQ=MONTHLY", starts_on=dt.date(2026, 11, 30))
    days = [one[0] for one in _steps()]
    assert days == [dt.date(2026, 11, 30), dt.date(2026, 12, 30), dt.date(2027, 1, 30)]


def test_the_daily_job_makes_the_next_times_once(at):
    here = world()
    _plan(here, rule="FREQ=MONTHLY", starts_on=dt.date(2026, 11, 20))
    before = len(_steps())
    services.extend_plans()
    assert len(_steps()) == before
    at(NOW + dt.timedelta(days=40))
    services.extend_plans()
    services.extend_plans()
    assert [one[0] for one in _steps()] == [
        dt.date(2026, 11, 20), dt.date(2026, 12, 20), dt.date(2027, 1, 20), dt.date(2027, 2, 20), dt.date(2027, 3, 20),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"aim": "  "}, "aim"),
        ({"rule": "FREQ=SOMETIMES"}, "rule"),
        ({"party": None}, "person"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_its_field(at, values, field):
    here = world()
    with pytest.raises(EngagementError) as refused:
        _plan(here, **values)
    assert refused.value.field == field
    assert not PlanLine.objects.unscoped("test").exists()


def test_who_owns_a_line_may_read_it(at):
    here = world()
    with pytest.raises(EngagementError, match="may not read this"):
        _plan(here, owner=_user(outsider()))


def test_the_database_wants_a_person_or_a_tag(at):
    here = world()
    given = {"project": here.project, "aim": "x", "method": "inform", "starts_on": TODAY}
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanLine.objects.create(**given)
    line = _plan(here)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanStep.objects.create(line=line, due_on=day(3), state="done")


@pytest.mark.parametrize(
    ("planned", "talked", "fulfilled"),
    [
        ({}, {"back": 0}, True),
        ({}, {"back": 3}, True),
        ({}, {"back": 4}, False),
        ({"channel": "call"}, {"back": 0}, True),
        ({"channel": "letter"}, {"back": 0}, False),
        ({}, {"back": 0, "confidentiality": Level.RESTRICTED}, False),
    ],
)
def test_a_conversation_near_the_day_fulfils_the_line_by_itself(at, planned, talked, fulfilled):
    here = world()
    _plan(here, **planned)
    talk = _talk(here, here.aoi, talked.pop("back"), **talked)
    step = PlanStep.objects.get()
    assert (step.state, step.interaction_id) == (("done", talk.pk) if fulfilled else ("open", None))
    services.link_talk(SYSTEM, talk.pk)
    assert Entry.objects.unscoped("test").filter(event="engagement.plan_fulfilled").count() == int(fulfilled)


def test_a_conversation_fulfils_one_time_of_a_line_and_no_line_of_another(at):
    here = world()
    elsewhere = project("Elsewhere too")
    _plan(here, rule="FREQ=DAILY", starts_on=day(1))
    _plan(here, party=here.guild)
    talk = _talk(here, here.aoi, 0)
    done = PlanStep.objects.filter(state="done")
    assert [(one.due_on, one.interaction_id) for one in done] == [(TODAY, talk.pk)]
    other = log_interaction(
        here.manager, channel="call", occurred_at=NOW, project_ids=[here.project.pk], subject="x",
        participants=[ParticipantDraft(party_id=party(here.project).pk)],
    )  # fmt: skip
    services.link_talk(SYSTEM, other.pk)
    assert PlanStep.objects.filter(state="done").count() == 1
    assert elsewhere.pk


def test_what_is_further_away_is_proposed_and_confirmed_by_a_click(at):
    here = world()
    _plan(here, starts_on=day(2))
    talk = _talk(here, here.aoi, 10)
    (row,) = queries.plan_of(here.agent, here.project.pk).rows
    assert ([one.pk for one in row.proposed], row.late) == ([talk.pk], True)
    client, address = browser(here.agent), f"/projects/{here.project.pk}/plan/"
    assert b"Done by: Call" in client.get(address).content
    step = PlanStep.objects.get()
    answer = client.post(
        f"/stakeholders/plan/steps/{step.pk}/settle/", {"state": "done", "talk": talk.pk, "next": address}
    )
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert _steps() == [(day(2), "done", day(10))]
    shown = client.get(f"{address}?state=done").content
    assert f"/conversations/{talk.pk}/".encode() in shown
    client.post(f"/stakeholders/undo/{_last().pk}/")
    assert _steps() == [(day(2), "open", None)]


def test_a_tag_counts_whom_of_its_people_were_met(at):
    here = world()
    tag, below = contact_setup.create_tag(SYSTEM, name="Fishery"), None
    below = contact_setup.create_tag(SYSTEM, name="Boats", parent=tag)
    set_tags(here.manager, here.aoi, [tag])
    set_tags(here.manager, here.guild, [below])
    sealed = party(here.project, "Sealed", by=here.manager, confidentiality=Level.RESTRICTED)
    set_tags(here.manager, sealed, [tag])
    _plan(here, party=None, tag=Tag.objects.get(pk=tag.pk))
    talk = _talk(here, here.guild, 1)
    (row,) = queries.plan_of(here.agent, here.project.pk).rows
    assert (row.members, row.met, [one.pk for one in row.proposed]) == (2, 1, [talk.pk])
    assert queries.plan_of(here.manager, here.project.pk).rows[0].members == 3


def test_planned_against_done(at):
    here = world()
    _plan(here, rule="FREQ=WEEKLY", starts_on=day(21))
    first, second, third, fourth, *rest = PlanStep.objects.order_by("due_on")
    services.fulfil(here.agent, first, done_on=day(20), note="At the fair")
    services.leave_out(here.agent, second, note="On leave")
    found = queries.plan_of(here.agent, here.project.pk)
    assert (found.planned, found.done, found.late) == (3, 1, 1)
    assert [row.step.pk for row in found.rows] == [third.pk, fourth.pk, *(one.pk for one in rest)]
    settled = queries.plan_of(here.agent, here.project.pk, state="done")
    assert [(row.step.pk, row.step.note) for row in settled.rows] == [
        (second.pk, "On leave"),
        (first.pk, "At the fair"),
    ]
    with pytest.raises(Conflict):
        services.fulfil(here.agent, first)
    with pytest.raises(EngagementError, match="not come yet"):
        services.fulfil(here.agent, third, done_on=TODAY + dt.timedelta(days=1))
    services.reopen_step(here.agent, first)
    assert queries.plan_of(here.agent, here.project.pk).done == 0


def test_ending_a_line_keeps_what_was_done_and_can_be_undone(at):
    here = world()
    line = _plan(here, rule="FREQ=WEEKLY", starts_on=day(7))
    first = PlanStep.objects.order_by("due_on")[0]
    services.fulfil(here.agent, first)
    before = _steps()
    services.end_line(here.agent, line)
    assert _steps() == [before[0]]
    services.undo(here.agent, _last().pk)
    assert _steps() == before


def test_pages_are_paged_and_cost_the_same(at):
    here = world()
    _plan(here)
    client, address = browser(here.agent), f"/projects/{here.project.pk}/plan/"
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(3):
        _plan(here, party=party(here.project, f"P{number}"), rule="FREQ=DAILY;COUNT=20", starts_on=day(5))
    with CaptureQueriesContext(connection) as many:
        answer = client.get(address)
    assert len(many) == len(few)
    first = queries.plan_of(here.agent, here.project.pk)
    rest = queries.plan_of(here.agent, here.project.pk, after=first.next)
    numbers = [row.step.pk for row in (*first.rows, *rest.rows)]
    assert (len(first.rows), len(rest.rows), len(set(numbers)), rest.next) == (50, 11, 61, "")
    assert first.next in answer.content.decode().replace("%7E", "~")


def test_my_day_shows_what_the_reader_has_to_catch_up_with(at):
    here = world()
    _plan(here, starts_on=day(4), aim="Catch up with the guild")
    _plan(here, starts_on=TODAY + dt.timedelta(days=1), aim="Not before tomorrow")
    _plan(here, starts_on=day(4), aim="Somebody else", owner=_user(here.manager))
    mine = browser(here.agent).get("/").content
    assert b"Catch up with the guild" in mine
    assert b"Not before tomorrow" not in mine and b"Somebody else" not in mine


def test_nothing_planned_is_a_gap(at):
    here = world()
    judged(here, here.aoi, 5, 5)
    judged(here, here.guild, 5, 5)
    _plan(here, starts_on=TODAY + dt.timedelta(days=9))
    _rated, _much, gaps = queries.gap_report(here.agent, here.project.pk)
    assert {gap.code: gap.high for gap in gaps}["plan"] == 1
    tag = contact_setup.create_tag(SYSTEM, name="Pilots")
    set_tags(here.manager, here.guild, [tag])
    _plan(here, party=None, tag=Tag.objects.get(pk=tag.pk))
    assert {gap.code: gap.high for gap in queries.gap_report(here.agent, here.project.pk)[2]}["plan"] == 0


def test_planning_needs_its_right(at):
    here = world()
    line = _plan(here)
    step = PlanStep.objects.get()
    reader = agent(here.project, codes=["contacts.view", "engagement.view", "engagement.rate"])
    for act in (
        lambda: services.fulfil(reader, step), lambda: services.leave_out(reader, step),
        lambda: services.end_line(reader, line), lambda: services.reopen_step(reader, step),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            act()
    client = browser(reader)
    assert client.get(f"/projects/{here.project.pk}/plan/").status_code == 200
    assert client.get(f"/projects/{here.project.pk}/plan/new/").status_code == 403
    assert client.get(f"/stakeholders/plan/steps/{step.pk}/settle/").status_code == 403


def test_the_plan_of_a_sealed_person_leaks_nowhere(at):
    here = world()
    sealed = party(here.project, "Sealed Zymurgia", by=here.manager)
    _plan(here, party=sealed, aim="Zymurgia visit", starts_on=day(2))
    change_party(here.manager, sealed, confidentiality=Level.RESTRICTED)
    services.catch_up(SYSTEM)
    step = PlanStep.objects.get()
    client = browser(here.agent)
    for page in (
        f"/projects/{here.project.pk}/plan/",
        "/",
        f"/projects/{here.project.pk}/plan/people/?person=Zymu",
        "/history/",
    ):
        assert b"Zymurgia" not in client.get(page).content, page
    found = queries.plan_of(here.agent, here.project.pk)
    assert (found.planned, found.late, found.rows) == (0, 0, [])
    assert client.get(f"/stakeholders/plan/steps/{step.pk}/settle/").status_code == 404
    assert browser(outsider()).get(f"/projects/{here.project.pk}/plan/").status_code == 404


def test_the_form_finds_the_person_and_asks_when_several_fit(at):
    here = world()
    other = party(here.project, "Tanaka Kei")
    client, address = browser(here.agent), f"/projects/{here.project.pk}/plan/new/"
    form = {
        "aim": "Show the route",
        "method": "inform",
        "starts_on": "20 Nov 2026",
        "person": "Tanaka",
        "channel": "",
    }
    asked = client.post(address, form)
    assert asked.status_code == 422
    assert b"Several people fit" in asked.content and b"Tanaka Kei" in asked.content
    assert client.post(address, {**form, "party": other.pk}).status_code == 302
    line = PlanLine.objects.unscoped("test").get()
    assert (line.party_id, line.starts_on, line.method) == (other.pk, dt.date(2026, 11, 20), "inform")
    nobody = client.post(address, {**form, "person": "Nemo"})
    assert b"Nobody in the project is called that" in nobody.content
    bare = client.post(address, {**form, "person": ""})
    assert b"Say whom it is about" in bare.content
    brought = client.get(f"{address}?party={here.aoi.pk}")
    assert b'value="Tanaka Aoi"' in brought.content
    assert client.get(f"{address}?party=999999999").status_code == 404
