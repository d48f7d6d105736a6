"""A brief before a meeting: what it says first, what it leaves off the paper, and who may have it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commitments.world import NOW, World
from commitments.world import world as make_world
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.commitments.services import make_promise, report_done
from enishi.contacts.models import Consent, ConsentPurpose, Party, RelationType
from enishi.contacts.queries.briefs import Sheet, briefs
from enishi.contacts.services import relate
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from factories import agent, outsider, party

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
SAID = "You will have the noise survey by Monday."


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return make_world()


def promised(here: World, title: str, days: float, **values: object) -> int:
    values = {"direction": "ours", "party": here.person, "owner": here.user, **values}
    by = here.agent
    if values.get("confidentiality"):
        by, values["owner"] = here.manager, None
    return make_promise(by, project=here.project, title=title, due_at=NOW + days * DAY, **values).pk


def talk(
    here: World, subject: str, days: float, *who: Party, by: Actor | None = None, **values: object
) -> Interaction:
    role = "from" if values.get("direction") == "in" else "with"
    people = [ParticipantDraft(role, party_id=one.pk) for one in who or (here.person,)]
    given = {"channel": "email", "project_ids": [here.project.pk], "participants": people, **values}
    return log_interaction(by or here.agent, occurred_at=NOW + days * DAY, subject=subject, **given)


def sheet(actor: Actor, of: Party) -> Sheet:
    [found] = briefs(actor, [of.pk], language="en")
    return found


def drawn(found: Sheet, title: str) -> dict[str, object]:
    return next(section.shown.context for section in found.sections if str(section.title) == title)


def page(actor: Actor, address: str) -> str:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def status(actor: Actor, address: str) -> int:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client.get(address).status_code


def test_what_is_late_is_said_before_what_waits_for_an_answer(here):
    talk(here, "May we have the survey?", -4, direction="in", answer="waiting", text="May we have it?")
    promised(here, "Noise survey", -1)
    first = sheet(here.agent, here.person).first
    assert first is not None
    assert first.words == "We promised “\u2068Noise survey\u2069” for 16 Nov; it is 1 day late."
    assert first.kind == "bad"


def test_the_oldest_of_two_late_promises_is_said(here):
    promised(here, "Newer", -1)
    promised(here, "Older", -3)
    assert "Older" in sheet(here.agent, here.person).first.words


def test_an_unanswered_question_is_said_with_its_day(here):
    asked = talk(here, "Quieter pumps?", -4, direction="in", answer="waiting", text="Can you?")
    promised(here, "Noise survey", 1)
    first = sheet(here.agent, here.person).first
    assert (
        first.words
        == "They turned to us on 13 Nov about “\u2068Quieter pumps?\u2069” and have no answer yet."
    )
    assert first.url == f"/conversations/{asked.pk}/"


def test_what_waits_for_proof_or_must_not_be_done_is_not_pressing(here):
    report_done(here.agent, make_promise(here.agent, project=here.project, title="Done", direction="ours",
                                         party=here.person, due_at=NOW - DAY))  # fmt: skip
    promised(here, "No work at night", -2, negative=True)
    assert sheet(here.agent, here.person).first is None
    assert "Nothing on this paper is late" in page(here.agent, f"/people/{here.person.pk}/brief/")


def test_both_sides_by_date_and_what_is_settled_is_not_there(here):
    promised(here, "Second", 9)
    promised(here, "First", 2)
    promised(here, "List of boats", 5, direction="theirs")
    found = sheet(here.agent, here.person)
    assert [promise.title for promise in drawn(found, "We owe")["promises"]] == ["First", "Second"]
    assert [promise.title for promise in drawn(found, "They owe us")["promises"]] == ["List of boats"]


def test_the_last_contact_stands_once_for_each_channel_newest_first(here):
    for subject, channel, days in (("Old mail", "email", -9), ("Mail", "email", -3), ("Ring", "call", -5)):
        talk(here, subject, days, channel=channel)
    coming = talk(here, "Harbour meeting", 2, channel="meeting")
    found = drawn(sheet(here.agent, here.person), "Last contact")
    assert [one.subject for _icon, one in found["last"]] == ["Mail", "Ring"]
    assert found["known"].planned == coming


def test_quotes_come_from_promises_first_then_from_their_own_words(here):
    meeting = talk(here, "Meeting", -6, channel="meeting", text=f"{SAID}\nMore.")
    made = promised(here, "Survey", 3, quote=SAID, said_in_id=meeting.pk, said_start=0, said_end=len(SAID),
                    said_via="meeting", said_at=meeting.occurred_at)  # fmt: skip
    talk(here, "Ours", -2, direction="out", text="These are our own words.")
    wrote = talk(here, "Theirs", -3, direction="in", text="The boats go out at four.")
    quotes = drawn(sheet(here.agent, here.person), "What was said")["known"].quotes
    assert [(quote.words, quote.talk.pk, quote.anchor) for quote in quotes] == [
        (SAID, meeting.pk, f"promise-{made}"),
        ("The boats go out at four.", wrote.pk, ""),
    ]
    assert f'href="/conversations/{meeting.pk}/#promise-{made}"' in page(
        here.agent, f"/people/{here.person.pk}/brief/"
    )


def test_consents_show_the_latest_statement_for_each_purpose(here):
    purpose = ConsentPurpose.objects.create(code="record-talk", name="Record the talk")
    for days, state in ((20, "given"), (3, "withdrawn")):
        Consent.objects.create(
            party=here.person, purpose=purpose, state=state, stated_on=(NOW - days * DAY).date()
        )
    rows = drawn(sheet(here.agent, here.person), "May we")["consents"]
    assert [(row["name"], row["consent"].state) for row in rows] == [("Record the talk", "withdrawn")]


def test_nothing_confidential_stands_on_paper_even_for_who_may_read_it(here):
    secret = party(here.project, "Zymurgia Lopez", by=here.manager, confidentiality=Level.CONFIDENTIAL)
    relate(here.manager, here.person, secret, kind=RelationType.objects.get(code="works-for"))
    promised(here, "Zymurgia promise", -5, confidentiality=Level.CONFIDENTIAL)
    talk(here, "Zymurgia talk", -1, by=here.manager, direction="in", answer="waiting", text="Zymurgia words",
         confidentiality=Level.CONFIDENTIAL)  # fmt: skip
    address = f"/people/{here.person.pk}/brief/"
    told = page(here.manager, address)
    assert "Zymurgia" not in told
    assert "3 confidential things are not on this paper" in told
    assert sheet(here.manager, here.person).first is None
    # Who may not read it is not told that there is something.
    assert sheet(here.agent, here.person).left_off == 0
    assert "Not in this brief" not in page(here.agent, address)


def test_a_confidential_contact_has_an_empty_sheet_without_the_name(here):
    secret = party(here.project, "Zymurgia Lopez", by=here.manager, confidentiality=Level.CONFIDENTIAL)
    promised(here, "Zymurgia promise", -5, party=secret, confidentiality=Level.CONFIDENTIAL)
    told = page(here.manager, f"/people/{secret.pk}/brief/")
    assert "Zymurgia" not in told
    assert "Nothing about this contact goes on paper." in told
    assert status(here.agent, f"/people/{secret.pk}/brief/") == 404


def test_who_may_see_only_contacts_reads_only_of_contacts(here):
    promised(here, "Noise survey", -1)
    talk(here, "Quieter pumps?", -4, direction="in", answer="waiting", text="Can you?")
    narrow = agent(here.project, codes=["contacts.view"])
    found = sheet(narrow, here.person)
    assert [str(section.title) for section in found.sections] == ["May we"]
    assert found.first is None
    assert status(outsider(), f"/people/{here.person.pk}/brief/") == 404
    assert briefs(outsider(), [here.person.pk], language="en") == []


def test_an_organisation_tells_of_its_people(here):
    works = RelationType.objects.get(code="works-for")
    firm = party(here.project, "Ushio Cooperative", kind="organisation")
    relate(here.agent, here.person, firm, kind=works)
    promised(here, "Noise survey", -1)
    talk(here, "Quieter pumps?", -4, direction="in", answer="waiting", text="Can you?")
    found = sheet(here.agent, firm)
    assert [promise.title for promise in drawn(found, "We owe")["promises"]] == ["Noise survey"]
    assert [one.subject for _icon, one in drawn(found, "Last contact")["last"]] == ["Quieter pumps?"]
    assert [one.full_name for one in drawn(found, "People")["people"]] == ["Tanaka Aoi"]
    assert sheet(here.agent, here.person).where.text == "Ushio Cooperative"


def test_a_planned_meeting_has_a_sheet_for_each_who_takes_part(here):
    other = party(here.project, "Bijan Rahavard")
    meeting = talk(here, "Harbour meeting", 1, here.person, other, channel="meeting", place="Kitahama office")
    told = page(here.agent, f"/people/brief/?for=talk-{meeting.pk}")
    assert told.count("<article") == 2
    assert "Kitahama office" in told and "Bijan Rahavard" in told and "18 Nov, 09:40" in told
    assert f"/people/brief/?for=talk-{meeting.pk}" in page(here.agent, f"/conversations/{meeting.pk}/")
    assert "Harbour meeting" in page(here.agent, "/")
    for code in (f"talk-{meeting.pk + 1}", "talk-", "talk-x", f"cake-{meeting.pk}"):
        assert status(here.agent, f"/people/brief/?for={code}") == 404
    assert status(outsider(), f"/people/brief/?for=talk-{meeting.pk}") == 404
    alone = talk(here, "Alone", 1, channel="call", participants=[ParticipantDraft(user_id=here.user.pk)])
    assert "None of your contacts takes part" in page(here.agent, f"/people/brief/?for=talk-{alone.pk}")


def test_of_a_confidential_meeting_only_who_and_when_is_printed(here):
    meeting = talk(here, "Zymurgia meeting", 1, by=here.manager, channel="meeting", place="Zymurgia office",
                   confidentiality=Level.CONFIDENTIAL)  # fmt: skip
    told = page(here.manager, f"/people/brief/?for=talk-{meeting.pk}")
    assert "Zymurgia" not in told and "18 Nov, 09:40" in told
    assert status(here.agent, f"/people/brief/?for=talk-{meeting.pk}") == 404


def test_it_comes_in_the_language_that_was_asked_for(here):
    promised(here, "Noise survey", -1)
    told = page(here.agent, f"/people/{here.person.pk}/brief/?language=fr")
    assert '<html lang="fr"' in told and "Nous devons" in told
    assert '<html lang="en"' in page(here.agent, f"/people/{here.person.pk}/brief/?language=xx")


def test_more_people_take_no_more_queries(here):
    def filled(number: int) -> list[int]:
        ids = []
        for index in range(number):
            one = party(here.project, f"Person {number} {index}")
            asked = talk(here, "Asks", -3, one, direction="in", answer="waiting", text="Can you?")
            promised(
                here, "Noise", -1, party=one, quote="Can", said_in_id=asked.pk, said_at=asked.occurred_at
            )
            ids.append(one.pk)
        return ids

    counts = []
    for number in (1, 6):
        ids = filled(number)
        with CaptureQueriesContext(connection) as captured:
            assert len(briefs(here.agent, ids, language="en")) == number
        counts.append(len(captured))
    assert counts[0] == counts[1]
