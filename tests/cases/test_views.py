"""The pages of cases, as people use them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from cases.world import NOW, World, again, user_of, world
from enishi.accounts.access import Actor
from enishi.cases import queries, services
from enishi.cases.models import Case
from enishi.conversations.services import ParticipantDraft, log_interaction
from factories import agent

pytestmark = pytest.mark.django_db


def _client(who: Actor) -> Client:
    client = Client()
    client.force_login(user_of(who))
    return client


def _only() -> Case:
    return Case.objects.unscoped("test").get()


def test_a_case_is_opened_from_a_contact(at):
    here = world()
    client = _client(here.manager)
    record = client.get(f"/people/{here.person.pk}/").content.decode()
    assert f"/cases/new/?party={here.person.pk}" in record
    kinds = client.get(f"/cases/new/?party={here.person.pk}").content.decode()
    assert f"?kind=grievance&amp;party={here.person.pk}" in kinds
    address = f"/cases/new/?kind=grievance&party={here.person.pk}"
    assert 'value="Tanaka Aoi"' in client.get(address).content.decode()
    given = {
        "title": "Dust", "text": "Every morning", "person": "Tanaka Aoi", "party": here.person.pk, "channel": "call",
        "project": here.project.pk, "own_category": "nuisance", "own_affected": "210", "owner": here.manager.user_id,
    }  # fmt: skip
    answer = client.post(address, given)
    made = _only()
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{made.pk}/")
    assert (made.party_id, made.values) == (here.person.pk, {"category": "nuisance", "affected": 210})
    page = client.get(f"/cases/{made.pk}/").content.decode()
    for words in (
        "Dust",
        "G-2026-0001",
        "Every morning",
        "5 business days left",
        "Before “Assess”",
        "Tanaka Aoi",
    ):
        assert words in page, words
    assert "<title>G-2026-0001 ·" in page
    assert "G-2026-0001" in client.get(f"/people/{here.person.pk}/").content.decode()


def test_a_mistake_is_said_at_its_field_and_nothing_is_lost(at):
    here = world()
    client = _client(here.manager)
    given = {"title": "Dust", "channel": "call", "project": here.project.pk, "own_affected": "many"}
    answer = client.post("/cases/new/?kind=grievance", given)
    assert answer.status_code == 422
    assert "This is no number." in answer.content.decode() and 'value="Dust"' in answer.content.decode()
    both = {"title": "Dust", "channel": "call", "project": here.project.pk, "anonymous": "on", "person": "X"}
    assert "names nobody" in client.post("/cases/new/?kind=grievance", both).content.decode()
    assert Case.objects.unscoped("test").count() == 0


def test_a_case_comes_from_words_in_a_conversation(at):
    here = world()
    talk = log_interaction(
        here.agent, channel="visit", occurred_at=NOW, project_ids=[here.project.pk], subject="At the school",
        text="The dust is bad on Saturdays. We spoke of boats.", participants=[ParticipantDraft(party_id=here.person.pk)],
    )  # fmt: skip
    client = _client(here.agent)
    sheet = client.get(f"/conversations/{talk.pk}/passage/?start=0&end=29").content.decode()
    link = f"/cases/new/?said_in={talk.pk}&amp;said_start=0&amp;said_end=29"
    assert link in sheet
    address = link.replace("&amp;", "&") + "&kind=issue"
    form = client.get(address).content.decode()
    assert "The dust is bad on Saturdays." in form and 'value="Tanaka Aoi"' in form
    given = {
        "title": "Dust on Saturdays", "channel": "visit", "project": here.project.pk, "said_in": talk.pk, "said_start": 0,
        "said_end": 29, "quote": "The dust is bad on Saturdays.",
    }  # fmt: skip
    assert client.post(address, given).status_code == 302
    made = _only()
    assert (made.said_in_id, made.said_end, made.quote) == (talk.pk, 29, "The dust is bad on Saturdays.")
    assert made.number in client.get(f"/conversations/{talk.pk}/").content.decode()
    assert "At the school" in client.get(f"/cases/{made.pk}/").content.decode()


def test_what_is_more_confidential_than_one_reads_goes_to_those_who_may(at):
    here = world()
    client = _client(here.agent)
    given = {"title": "Dust", "channel": "call", "project": here.project.pk, "anonymous": "on"}
    answer = client.post("/cases/new/?kind=grievance", given, follow=True)
    assert answer.redirect_chain == [("/cases/", 302)]
    assert "those who work on it were told" in answer.content.decode()
    assert "Dust" not in answer.content.decode()


def _work(here: World, case: Case) -> Client:
    client = _client(here.manager)
    services.change_case(here.manager, case, owner=user_of(here.manager))
    return client


def test_a_move_shows_what_is_missing_and_moves_when_it_is_there(at):
    here = world()
    case = here.case("issue", party=here.person)
    client = _client(here.manager)
    form = client.get(f"/cases/{case.pk}/move/?to=assess").content.decode()
    assert "Somebody owns it" in form and ">Move<" not in form
    refused = client.post(f"/cases/{case.pk}/move/", {"to": "assess"})
    assert refused.status_code == 422
    client = _work(here, case)
    assert ">Move<" in client.get(f"/cases/{case.pk}/move/?to=assess").content.decode()
    moved = client.post(f"/cases/{case.pk}/move/", {"to": "assess", "note": "Called"}, follow=True)
    assert "Moved: S-2026-0001" in moved.content.decode()
    assert client.get(f"/cases/{case.pk}/move/?to=nowhere").status_code == 404
    back = client.post(f"/cases/{case.pk}/move/", {"to": "register"})
    assert back.status_code == 422 and "This field is required" in back.content.decode()


def test_the_whole_way_on_the_page(at):
    here = world()
    case = here.case("enquiry", party=here.person, owner=user_of(here.manager))
    client, base = _client(here.manager), f"/cases/{case.pk}"
    assert client.post(f"{base}/acknowledge/").status_code == 302
    assert client.post(f"{base}/move/", {"to": "answer"}).status_code == 302
    assert (
        client.post(
            f"{base}/promise/", {"kind": "ours", "title": "Send it", "due_at": "20 Nov 2026"}
        ).status_code
        == 302
    )
    assert client.post(f"{base}/promise/", {"kind": "task", "title": "Look it up"}).status_code == 302
    assert client.post(f"{base}/note/", {"text": "Asked the port"}).status_code == 302
    page = client.get(f"{base}/").content.decode()
    for words in ("Send it", "Look it up", "Asked the port", "0 of 1", "Done within 1 hour"):
        assert words in page, words
    empty = client.post(f"{base}/note/", {"text": " "}, follow=True)
    assert "Write what you want to say." in empty.content.decode()
    edited = {
        "title": "Question",
        "channel": "call",
        "outcome": "It opens in May.",
        "confidentiality": "1",
        "version": 3,
    }
    stale = client.post(f"{base}/edit/", {**edited, "version": 1})
    assert stale.status_code == 422 and "Somebody else has changed this" in stale.content.decode()
    current = queries.case(here.manager, case.pk)
    assert client.post(f"{base}/edit/", {**edited, "version": current.version}).status_code == 302
    assert client.post(f"{base}/ask/").status_code == 302
    assert client.post(f"{base}/satisfaction/", {"step": "4", "words": "Good"}).status_code == 302
    assert (
        "Mostly" in client.get(f"{base}/").content.decode()
        or queries.case(here.manager, case.pk).satisfaction == 4
    )


def test_closing_opening_again_and_appealing(at):
    here = world()
    case = here.case("grievance", anonymous=True, owner=user_of(here.manager))
    Case.objects.unscoped("test").update(stage="close", closed_at=NOW, due_at=None, outcome="No")
    client, base = _client(here.manager), f"/cases/{case.pk}"
    page = client.get(f"{base}/").content.decode()
    assert "Take up an appeal" in page and "Open again" in page
    assert client.post(f"{base}/appeal/", {"words": "Still dusty"}).status_code == 302
    page = client.get(f"{base}/").content.decode()
    assert "Still dusty" in page and "appealed" in page
    again_ = client.post(f"{base}/appeal/", {"words": "Once more"})
    assert again_.status_code == 422
    Case.objects.unscoped("test").update(stage="close", closed_at=NOW, due_at=None)
    assert client.post(f"{base}/reopen/", {"note": "New photos"}).status_code == 302
    assert queries.case(here.manager, case.pk).stage == "resolve"


def test_things_are_found_and_tied(at):
    here = world()
    case = here.case("issue", party=here.person)
    talk = log_interaction(
        here.manager, channel="call", occurred_at=NOW, project_ids=[here.project.pk], subject="Dust call",
        participants=[ParticipantDraft(party_id=here.person.pk)],
    )  # fmt: skip
    client, base = _client(here.manager), f"/cases/{case.pk}"
    found = client.get(f"{base}/things/?q=dust").content.decode()
    assert "Dust call" in found
    assert client.post(f"{base}/tie/", {"kind": "conversation", "subject": talk.pk}).status_code == 302
    assert "Dust call" in client.get(f"{base}/").content.decode()
    assert client.post(f"{base}/untie/", {"kind": "conversation", "subject": talk.pk}).status_code == 302
    assert "Dust call" not in client.get(f"{base}/").content.decode()
    for wrong in ({"kind": "conversation", "subject": 999999}, {"kind": "conversation", "subject": "x"}):
        assert client.post(f"{base}/tie/", wrong).status_code == 404


def test_somebody_is_kept_out_on_the_page(at):
    here = world()
    case = here.case("issue")
    client, base = _client(here.manager), f"/cases/{case.pk}"
    form = client.get(f"{base}/keep-out/").content.decode()
    assert f'value="{here.second.user_id}"' in form
    given = {"user": here.second.user_id, "reason": "Leads the works"}
    assert client.post(f"{base}/keep-out/", given).status_code == 302
    assert "Leads the works" in client.get(f"{base}/").content.decode()
    assert _client(here.second).get(f"{base}/").status_code == 404
    assert client.post(f"{base}/let-in/{here.second.user_id}/").status_code == 302
    assert _client(again(here.second)).get(f"{base}/").status_code == 200
    worker = agent(here.project, codes=["cases.view", "cases.edit"])
    assert _client(worker).get(f"{base}/keep-out/").status_code == 403


def test_the_list_is_filtered(at):
    here = world()
    here.case("issue", title="Noise", owner=user_of(here.agent))
    here.case("enquiry", title="Opening hours")
    client = _client(here.agent)

    def titles(query: str) -> list[str]:
        page = client.get(f"/cases/{query}").content.decode()
        return [one for one in ("Noise", "Opening hours") if one in page]

    assert titles("") == ["Noise", "Opening hours"]
    assert titles("?who=mine") == ["Noise"]
    assert titles("?who=nobody") == ["Opening hours"]
    assert titles(f"?who={here.agent.user_id}") == ["Noise"]
    assert titles("?kind=enquiry") == ["Opening hours"]
    assert titles("?kind=issue&stage=assess") == []
    assert titles("?q=noise") == ["Noise"]
    assert titles("?state=over") == []
    assert titles("?state=nonsense&after=x~y") == ["Noise", "Opening hours"]
    at(NOW + dt.timedelta(days=30))
    assert titles("?state=over") == ["Noise", "Opening hours"]
    day = client.get("/").content.decode()
    assert "One case is over time." in day and "Noise" in day and "Opening hours" not in day
    assert "Opening hours" not in _client(here.outsider).get("/cases/?state=all").content.decode()
