"""The tour: every stop points at a control that is there, for whoever it is; and it is remembered where one is."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enishi.accounts import services as accounts
from enishi.accounts.access import Actor, Level, Via
from enishi.accounts.models import Organisation, Project, Tour, User
from enishi.accounts.queries import actor as actor_of
from enishi.commitments.services import make_promise
from enishi.contacts.models import Party, Tag
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.guide import queries
from enishi.guide.stops import STOPS
from factories import READ, agent, grant, manager, outsider, party, project, user

pytestmark = pytest.mark.django_db
ALL = [stop.code for stop in STOPS]
WORDS = "You will have the survey of the noise at night by Monday, and Aoi gets a copy of it. " * 3


def _person(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


def _client(actor: Actor) -> Client:
    client = Client()
    client.force_login(_person(actor))
    return client


def _administrator() -> Actor:
    somebody = user("Hedda Lunde")
    grant(somebody, None, accounts.administrator_role())
    return actor_of(somebody, via=Via.WEB)


def _talk(by: Actor, where: Project, text: str = WORDS, **values: int) -> int:
    aoi = party(where, "Tanaka Aoi", by=by)
    talk = log_interaction(
        by, channel="call", occurred_at=clock.now() - dt.timedelta(hours=1), project_ids=[where.pk],
        subject="Night noise", text=text, participants=[ParticipantDraft(party_id=aoi.pk)], **values,
    )  # fmt: skip
    return talk.pk


def _codes(actor: Actor) -> list[str]:
    return [place.stop.code for place in queries.route(actor)]


def _asked(client: Client, page: str) -> int:
    """How many questions the page asks the database when it is open for the second time."""
    client.get(page)
    with CaptureQueriesContext(connection) as asked:
        client.get(page)
    return len(asked)


def _walk(client: Client) -> list[str]:
    """Press Next until the end; each page must hold the card and the control that it points at."""
    walked: list[str] = []
    answer = client.post("/tour/go/")
    while (address := answer["Location"]) != "/":
        path, _, anchor = address.partition("#")
        page = client.get(path)
        assert page.status_code == 200, address
        text = page.content.decode()
        place = page.context["tour"]().context["place"]
        for one in place.stop.anchors:
            assert text.count(f' id="{one}"') == 1, (address, one)
        assert anchor == place.stop.anchors[0]
        assert f"Step {len(walked) + 1} of {place.of}" in text
        assert f'data-tour="{" ".join(place.stop.anchors)}"' in text
        assert "dist/tour.css" in text
        walked.append(place.stop.code)
        after = re.search(r'class="btn btn-primary" name="to" value="(\w+)"', text)
        answer = client.post("/tour/go/", {"to": after[1]}) if after else client.post("/tour/end/")
    return walked


def test_every_stop_points_at_a_control_that_is_there() -> None:
    where = project()
    boss = manager(where)
    _talk(boss, where)
    worker, auditor = agent(where), agent(where, codes=READ)
    assert _walk(_client(boss)) == ALL
    assert _walk(_client(worker)) == ALL
    # Who changes nothing is not shown how to.
    assert _walk(_client(auditor)) == [code for code in ALL if code not in {"log", "promise"}]


def test_the_tour_of_an_empty_installation() -> None:
    assert _walk(_client(_administrator())) == ["find", "promises", "cases", "reports", "history"]


def test_without_any_right_one_is_shown_the_search_alone() -> None:
    assert _walk(_client(actor_of(user(), via=Via.WEB))) == ["find"]


def test_contacts_without_a_conversation_are_shown_too() -> None:
    where = project()
    party(where, "Tanaka Aoi")
    assert _walk(_client(agent(where))) == [code for code in ALL if code != "promise"]


def test_nobody_is_led_to_what_they_do_not_see() -> None:
    where = project()
    boss = manager(where)
    _talk(boss, where)
    stranger = outsider()
    assert _codes(stranger) == [code for code in ALL if code not in {"person", "log", "promise"}]
    assert "Tanaka" not in _client(stranger).get("/tour/").content.decode()


def test_nobody_is_led_to_a_confidential_conversation() -> None:
    where = project()
    boss = manager(where)
    open_talk = _talk(boss, where, "Open")
    sealed = _talk(boss, where, confidentiality=Level.CONFIDENTIAL)
    urls = [place.url for place in queries.route(boss)]
    assert f"/conversations/{open_talk}/" in urls
    assert f"/conversations/{sealed}/" not in urls


def test_the_example_is_one_in_which_work_may_be_done() -> None:
    mine, theirs = project(), project()
    boss = manager()
    workable = _talk(boss, mine, "Short")
    _talk(boss, theirs)
    worker = agent(mine)
    grant(
        _person(worker),
        theirs,
        accounts.create_role(boss, name="Reader", codes=READ, clearance=Level.INTERNAL),
    )
    again = actor_of(_person(worker), via=Via.WEB)
    assert f"/conversations/{workable}/" in [place.url for place in queries.route(again)]
    assert _codes(again) == ALL


def test_the_example_is_rather_one_in_the_readers_language() -> None:
    here = project()
    boss = manager(here)
    ours = _talk(boss, here)
    Party.objects.unscoped("test").update(language="en")
    theirs = _talk(boss, here)
    Party.objects.unscoped("test").exclude(language="en").update(language="ja")
    for language, talk in (("en", ours), ("ja", theirs), ("fa", theirs)):
        reader = dataclasses.replace(boss, language=language)
        assert [p.url for p in queries.route(reader) if f"/conversations/{talk}/" in p.url], language


def test_it_is_offered_once_and_found_again() -> None:
    worker = agent(project())
    client = _client(worker)
    assert 'id="tour-offer"' in client.get("/").content.decode()
    assert 'id="tour"' not in client.get("/").content.decode()
    client.post("/tour/leave/")
    page = client.get("/").content.decode()
    assert 'id="tour-offer"' not in page
    assert 'href="/tour/"' in page
    assert "Start the tour" in client.get("/tour/").content.decode()


def test_left_at_a_stop_it_goes_on_there_in_any_browser() -> None:
    worker = agent(project())
    client = _client(worker)
    client.post("/tour/go/", {"to": "promises"})
    assert client.post("/tour/leave/", {"next": "/promises/board/"})["Location"] == "/promises/board/"
    assert 'id="tour"' not in client.get("/promises/board/").content.decode()
    person = _person(worker)
    assert (person.tour, person.tour_stop) == (Tour.OFF, "promises")
    elsewhere = _client(worker)
    page = elsewhere.get("/tour/").content.decode()
    assert "Go on at step 2" in page
    assert "Start again" in page
    elsewhere.post("/tour/go/", {"to": "promises"})
    assert "Step 2 of" in elsewhere.get("/promises/board/").content.decode()
    assert elsewhere.post("/tour/go/")["Location"] == "/#search-box"


def test_on_another_page_the_card_says_where_the_tour_waits() -> None:
    client = _client(agent(project()))
    client.post("/tour/go/", {"to": "cases"})
    page = client.get("/people/").content.decode()
    assert "The tour waits at step" in page
    assert "data-tour=" not in page
    # A dialog is a part of a page: no card in it.
    assert 'id="tour"' not in client.get("/notifications/", headers={"HX-Request": "true"}).content.decode()


def test_a_stop_that_is_out_of_reach_by_now_is_passed_over() -> None:
    where = project()
    worker = agent(where, codes=["commitments.view"])
    client = _client(worker)
    User.objects.filter(pk=worker.user_id).update(tour=Tour.ON, tour_stop="person")
    assert "The tour waits at step 2: Every promise and how it stands" in client.get("/").content.decode()
    assert client.post("/tour/go/", {"to": "unheard"})["Location"] == "/"
    assert _person(worker).tour == Tour.OFF


def test_whoever_looks_as_somebody_else_sees_no_tour_and_moves_none() -> None:
    admin, worker = _administrator(), agent(project())
    User.objects.filter(pk=admin.user_id).update(tour=Tour.ON, tour_stop="find")
    client = _client(admin)
    client.post(reverse("accounts:view_as", args=[worker.user_id]))
    page = client.get("/")
    assert page.context["request"].viewing == _person(worker)
    assert 'id="tour' not in page.content.decode()
    assert "first-steps" not in page.content.decode()
    assert client.post("/tour/go/", {"to": "history"}).status_code == 403
    assert _person(admin).tour_stop == "find"
    assert _person(worker).tour == Tour.NEW


def test_pages_ask_nothing_more_of_who_is_not_on_the_tour() -> None:
    worker = agent(project())
    client = _client(worker)
    counts = []
    for tour in (Tour.NEW, Tour.OFF, Tour.ON):
        User.objects.filter(pk=worker.user_id).update(
            tour=tour, tour_stop="promises" if tour == Tour.ON else ""
        )
        counts += [_asked(client, page) for page in ("/", "/people/")]
    assert counts[:2] == counts[2:4]
    assert counts[4] > counts[2]


# --- the first steps


def test_the_first_steps_tick_themselves_and_go_when_all_are_taken() -> None:
    admin = _administrator()
    client = _client(admin)

    def open_steps() -> list[str]:
        return re.findall(r'id="first-(\w+)">.{0,200}?class="whole"', client.get("/").content.decode())

    assert open_steps() == ["organisation", "starter", "project", "colleague", "contacts", "talk", "promise"]
    Tag.objects.create(name="Noise", path="Noise")
    accounts.change_settings(admin, name="Tidewall Energy")
    where = project()
    assert open_steps() == ["colleague", "contacts", "talk", "promise"]
    user("Somebody else")
    _talk(admin, where)
    assert open_steps() == ["promise"]
    make_promise(admin, project=where, title="Send the survey", direction="ours")
    assert "first-steps" not in client.get("/").content.decode()
    assert Organisation.objects.get().first_steps is False


def test_put_away_they_are_put_away_for_all() -> None:
    admin, other = _administrator(), _administrator()
    assert 'id="first-steps"' in _client(other).get("/").content.decode()
    assert _client(admin).post("/tour/first-steps/put-away/").status_code == 302
    assert 'id="first-steps"' not in _client(other).get("/").content.decode()


def test_the_first_steps_are_for_who_sets_the_installation_up() -> None:
    worker = manager(project())
    client = _client(worker)
    assert 'id="first-steps"' not in client.get("/").content.decode()
    assert client.post("/tour/first-steps/put-away/").status_code == 403
    assert not Organisation.objects.filter(first_steps=False).exists()


def test_each_first_step_leads_to_a_page() -> None:
    client = _client(_administrator())
    page = client.get("/").content.decode()
    links = re.findall(r'id="first-\w+">.{0,200}?class="whole" href="([^"]+)"', page)
    assert len(links) == 7
    for link in links:
        assert client.get(link).status_code == 200, link


def test_nothing_is_asked_about_first_steps_once_they_are_gone() -> None:
    client = _client(_administrator())
    before = _asked(client, "/")
    client.post("/tour/first-steps/put-away/")
    assert _asked(client, "/") == before - 1
