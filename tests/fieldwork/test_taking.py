"""Whom a phone takes along: only what its owner may see, nothing confidential, for some days."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from enishi.accounts.access import Level
from enishi.accounts.models import ProtectedField
from enishi.commitments.services import make_promise
from enishi.contacts.models import SavedView
from enishi.core import clock
from enishi.fieldwork import queries
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, grant, party, project, role
from fieldwork.conftest import Farm, browser

pytestmark = pytest.mark.django_db


def take(actor, of, **more):
    return browser(actor).post("/field/take/", {"of": of, **more})


def test_an_agent_takes_a_project_along(farm: Farm):
    make_promise(SYSTEM, project=farm.place, title="Clear the ditch", direction="ours", party=farm.farmer)
    make_promise(
        SYSTEM, project=farm.place, title="Secret price", direction="ours", party=farm.farmer,
        confidentiality=Level.CONFIDENTIAL,
    )  # fmt: skip
    told = take(farm.agent, f"project-{farm.place.pk}").json()
    assert told["name"] == "Dyke road" and told["left"] == 0 and told["sealed"] == 0
    assert told["projects"] == [
        {"id": farm.place.pk, "name": "Dyke road", "promises": True, "people": True, "files": True}
    ]
    [ada] = told["people"]
    assert (ada["name"], ada["greeting"], ada["note"]) == (
        "Ada Miller",
        "Dear Ada Miller",
        "Dog at the gate.",
    )
    assert [(point["kind"], point["value"]) for point in ada["points"]] == [
        ("phone", "+442079460123"), ("email", "ada@farm.example"), ("address", "1 Mill Lane, Ely"),
    ]  # fmt: skip
    assert [one["title"] for one in ada["promises"]] == ["Clear the ditch"]
    assert ada["projects"] == [farm.place.pk] and ada["edit"] is True


def test_nothing_confidential_leaves_the_office_whoever_asks(farm: Farm):
    told = take(farm.manager, f"project-{farm.place.pk}")
    assert "Harald" not in told.content.decode()
    assert told.json()["sealed"] == 1 and len(told.json()["people"]) == 1


def test_a_protected_note_lies_on_no_phone(farm: Farm):
    ProtectedField.objects.create(name="contacts.note")
    assert [one["note"] for one in take(farm.manager, f"project-{farm.place.pk}").json()["people"]] == [None]


def test_protected_ways_to_reach_lie_on_no_phone(farm: Farm):
    for name in ("contacts.phone", "contacts.address"):
        ProtectedField.objects.create(name=name)
    told = take(farm.manager, f"project-{farm.place.pk}")
    assert [[point["kind"] for point in one["points"]] for one in told.json()["people"]] == [["email"]]
    assert "7946" not in told.content.decode() and "Mill Lane" not in told.content.decode()


def test_an_outsider_takes_nobody_of_it_along(farm: Farm):
    assert take(farm.outsider, f"project-{farm.place.pk}").status_code == 404
    view = SavedView.objects.create(name="All", owner_id=farm.agent.user_id, shared=True, spec={})
    told = take(farm.outsider, f"view-{view.pk}").json()
    assert told["people"] == [] and told["sealed"] == 0
    private = SavedView.objects.create(name="Mine", owner_id=farm.agent.user_id, spec={})
    assert take(farm.outsider, f"view-{private.pk}").status_code == 404


@pytest.mark.parametrize("of", ["", "project-", "project-x", "view-9999999999999999999", "view-0", "all"])
def test_a_choice_that_is_not_there_is_404(farm: Farm, of):
    assert take(farm.agent, of).status_code == 404


def test_a_view_is_taken_in_its_order_up_to_the_limit(farm: Farm, monkeypatch):
    monkeypatch.setattr(queries, "MOST_PEOPLE", 2)
    party(farm.place, "Zoe")
    party(farm.place, "Ben")
    view = SavedView.objects.create(name="All", owner_id=farm.agent.user_id, spec={"sort": "-name"})
    told = take(farm.agent, f"view-{view.pk}").json()
    assert [one["name"] for one in told["people"]] == ["Zoe", "Ben"]
    assert told["left"] == 1


def test_who_may_only_read_takes_nothing_along(farm: Farm):
    reader = agent(farm.place, codes=["contacts.view", "conversations.view"])
    assert take(reader, f"project-{farm.place.pk}").status_code == 403
    assert browser(reader).get("/field/").status_code == 403
    assert browser(reader).get("/field/state/").status_code == 403


def test_where_one_may_only_read_nothing_can_be_written(farm: Farm):
    elsewhere = project("Read only")
    party(elsewhere, "Only Read")
    from enishi.accounts.models import User

    grant(User.objects.get(pk=farm.agent.user_id), elsewhere, role(codes=["contacts.view"]))
    [told] = take(farm.agent, f"project-{elsewhere.pk}").json()["people"]
    assert told["projects"] == [] and told["edit"] is False


def test_it_is_kept_for_a_week_and_no_longer_than_the_sign_in(farm: Farm):
    client = browser(farm.agent)
    told = client.post("/field/take/", {"of": f"project-{farm.place.pk}"}).json()
    until = dt.datetime.fromisoformat(told["until"])
    assert abs(until - clock.now() - dt.timedelta(days=7)) < dt.timedelta(minutes=1)
    session = client.session
    session.set_expiry(3600)
    session.save()
    told = client.post("/field/take/", {"of": f"project-{farm.place.pk}"}).json()
    until = dt.datetime.fromisoformat(told["until"])
    assert until - timezone.now() <= dt.timedelta(hours=1)


def test_the_history_says_who_was_taken_along_once(farm: Farm):
    take(farm.agent, f"project-{farm.place.pk}")
    take(farm.agent, f"project-{farm.place.pk}", again="1")
    [entry] = Entry.objects.unscoped("test").filter(event="fieldwork.taken_along")
    assert entry.user_id == farm.agent.user_id
    assert entry.data["people"] == [farm.farmer.pk] and entry.data["count"] == 1


def test_the_number_of_queries_does_not_grow_with_the_people(farm: Farm, django_assert_max_num_queries):
    client = browser(farm.agent)
    client.post("/field/take/", {"of": f"project-{farm.place.pk}"})
    for number in range(20):
        somebody = party(farm.place, f"Person {number}", email=f"p{number}@farm.example")
        make_promise(SYSTEM, project=farm.place, title="Call", direction="ours", party=somebody)
    with django_assert_max_num_queries(22):
        told = client.post("/field/take/", {"of": f"project-{farm.place.pk}"}).json()
    assert len(told["people"]) == 21


def test_the_page_and_its_parts(farm: Farm):
    client = browser(farm.agent)
    page = client.get("/field/")
    words = page.content.decode()
    assert f'data-user="{farm.agent.user_id}"' in words and "Dyke road" in words
    assert "no-store" in page["Cache-Control"]
    script = client.get("/field/worker.js")
    assert script["Content-Type"] == "text/javascript" and b"enishi-field" in script.content
    about = client.get("/field/app.webmanifest").json()
    assert (about["start_url"], about["scope"], about["display"]) == ("/field/", "/field/", "standalone")
    assert client.get("/field/state/").json()["user"] == farm.agent.user_id
