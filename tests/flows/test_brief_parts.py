"""What stakeholders and cases tell on a brief: within rights, nothing confidential, for many in as many queries."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.world import NOW, World
from cases.world import world as make_world
from engagement.world import browser
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.cases.models import Case
from enishi.cases.services import acknowledge, keep_out
from enishi.contacts.models import Party, RelationType
from enishi.contacts.queries.briefs import Sheet, briefs
from enishi.contacts.services import relate
from enishi.core import clock
from enishi.engagement.services import Judgement, rate
from factories import agent, manager, party, project

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return make_world()


def sheet(actor: Actor, of: Party) -> Sheet:
    [found] = briefs(actor, [of.pk], language="en")
    return found


def told(found: Sheet, title: str) -> dict[str, object] | None:
    return next((one.shown.context for one in found.sections if str(one.title) == title), None)


def judged(here: World, back: int, influence: int, position: int | None, reason: str) -> None:
    rate(
        here.manager, project=here.project, party=here.person, rated_on=(NOW - back * DAY).date(),
        judgement=Judgement(3, 2, influence, position), reason=reason,
    )  # fmt: skip


def test_the_latest_standing_is_told_with_its_day_and_reason(here):
    judged(here, 30, 2, 0, "First visit")
    judged(here, 3, 5, -1, "Speaks for the pilots now")
    found = sheet(here.agent, here.person)
    [rating] = told(found, "Standing")["ratings"]
    assert (rating.influence, rating.position, rating.reason) == (5, -1, "Speaks for the pilots now")
    page = browser(here.agent).get(f"/people/{here.person.pk}/brief/").content.decode()
    assert "Speaks for the pilots now" in page and "since 14 Nov" in page and "First visit" not in page


def test_each_reader_is_told_of_the_projects_whose_ratings_they_see(here):
    judged(here, 3, 4, 1, "Here")
    other = project("Zymurgia Dam")
    here.person.project_ids = [here.project.pk, other.pk]
    here.person.save()
    rate(manager(other), project=other, party=here.person, rated_on=NOW.date(),
         judgement=Judgement(1, 1, 1, 2), reason="Zymurgia words")  # fmt: skip
    assert [one.project for one in told(sheet(here.agent, here.person), "Standing")["ratings"]] == [
        here.project
    ]
    page = browser(here.agent).get(f"/people/{here.person.pk}/brief/").content.decode()
    assert "Zymurgia" not in page
    assert told(sheet(agent(here.project, codes=["contacts.view"]), here.person), "Standing") is None


def test_open_cases_stand_with_the_clock_that_runs(here):
    first = here.case(party=here.person, title="Dust at the gate")
    answered = here.case(party=here.person, title="Lamps on the quay")
    acknowledge(here.manager, answered)
    context = told(sheet(here.agent, here.person), "Open cases")
    assert context["cases"] == [first, answered]
    labels = [str(case.next_label) for case in context["cases"]]
    assert labels == ["for a first word", "for an answer"]
    page = browser(here.agent).get(f"/people/{here.person.pk}/brief/").content.decode()
    assert "Dust at the gate" in page and first.number in page and "for a first word" in page


def test_a_case_over_time_is_said_first(here):
    case = here.case(party=here.person, title="Dust at the gate")
    Case.objects.unscoped("a test").filter(pk=case.pk).update(due_at=NOW - 2 * DAY)
    first = sheet(here.agent, here.person).first
    assert (
        first.words
        == f"The case “\u2068Dust at the gate\u2069” (\u2068{case.number}\u2069) was due on 15 Nov."
    )
    assert first.url == f"/cases/{case.pk}/"


def test_confidential_and_withheld_cases_leave_no_trace(here):
    here.case(party=here.person, title="Zymurgia complaint", confidentiality=Level.CONFIDENTIAL)
    kept = here.case(party=here.person, title="Zymurgia works")
    keep_out(here.manager, kept, user=User.objects.get(pk=here.second.user_id), reason="Leads the works")
    for who, left_off in ((here.manager, 1), (here.agent, 0)):
        found = sheet(who, here.person)
        assert found.left_off == left_off
        assert [case.title for case in told(found, "Open cases")["cases"]] == ["Zymurgia works"]
    page = browser(here.second).get(f"/people/{here.person.pk}/brief/").content.decode()
    assert "Zymurgia" not in page


def test_an_organisation_tells_of_the_cases_of_its_people(here):
    firm = party(here.project, "Ushio Cooperative", kind="organisation")
    relate(here.manager, here.person, firm, kind=RelationType.objects.get(code="works-for"))
    case = here.case(party=here.person)
    assert told(sheet(here.agent, firm), "Open cases")["cases"] == [case]


def test_more_people_take_no_more_queries(here):
    def filled(number: int) -> list[int]:
        made = [party(here.project, f"Person {number} {index}") for index in range(number)]
        for one in made:
            here.case(party=one)
            rate(here.manager, project=here.project, party=one, rated_on=NOW.date(),
                 judgement=Judgement(3, 3, 3, 0), reason="Said so")  # fmt: skip
        return [one.pk for one in made]

    counts = []
    for number in (1, 6):
        ids = filled(number)
        with CaptureQueriesContext(connection) as captured:
            assert all(one.sections for one in briefs(here.agent, ids, language="en"))
        counts.append(len(captured))
    assert counts[0] == counts[1]
