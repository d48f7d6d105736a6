"""From one typed line to a call, a promise and a task, and back."""

import datetime as dt
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from enishi.accounts.models import User
from enishi.commitments.models import Promise, Task
from enishi.contacts.models import Party, Tag
from enishi.conversations import services
from enishi.conversations.models import Interaction
from enishi.conversations.services import CREATE, Setting
from enishi.core import clock
from factories import agent, party, project

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 18, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _wednesday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def enter(client, actor):
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def everything(model):
    return list(model.objects.unscoped("test").order_by("pk"))


def test_a_call_with_a_promise_on_a_contact_page():
    here = project()
    worker = agent(here)
    shirin = party(here, "Shirin Mohtadi")

    logged = services.log_line(
        worker, "called, we will send the noise survey by Fri", Setting(party_id=shirin.pk)
    )

    call, (promise,) = logged.interaction, logged.promises
    assert (call.channel, call.direction, call.occurred_at, call.project_ids) == (
        "call",
        "out",
        NOW,
        [here.pk],
    )
    assert [one.party_id for one in call.participants.all()] == [shirin.pk]
    assert (promise.title, promise.direction, promise.party_id, promise.owner_id) == (
        "send the noise survey", "ours", shirin.pk, worker.user_id,
    )  # fmt: skip
    assert timezone.localtime(promise.due_at).date() == dt.date(2026, 11, 20)
    assert (promise.said_in_id, promise.said_via) == (call.pk, "call")
    assert call.text[promise.said_start : promise.said_end] == "send the noise survey"
    shirin.refresh_from_db()
    assert shirin.last_contact_at == NOW


def test_a_call_to_come_is_a_task_with_the_person_found():
    here = project()
    worker = agent(here)
    tanaka = party(here, "Aoi Tanaka")
    logged = services.log_line(worker, "call Tanaka tomorrow 10:00 about turbine 3")
    assert logged.interaction is None
    task = logged.task
    assert (task.title, task.party_id, task.owner_id) == (
        "call Tanaka about turbine 3",
        tanaka.pk,
        worker.user_id,
    )
    assert task.due_at == dt.datetime(2026, 11, 19, 10, 0, tzinfo=dt.UTC)


def test_people_out_of_reach_are_not_found():
    here, there = project(), project()
    party(there, "Aoi Tanaka")
    logged = services.log_line(agent(here), "called Tanaka about turbine 3")
    assert [(one.party_id, one.name) for one in logged.interaction.participants.all()] == [(None, "Tanaka")]


def test_an_unknown_name_becomes_a_contact_only_when_asked_to():
    here = project()
    worker = agent(here)
    before = Party.objects.unscoped("test").count()
    plain = services.log_line(worker, "called Tanaka about turbine 3")
    assert Party.objects.unscoped("test").count() == before
    asked = services.log_line(worker, "called Tanaka about turbine 3", Setting(people={"tanaka": CREATE}))
    (created,) = asked.created
    assert (created.full_name, created.project_ids) == ("Tanaka", [here.pk])
    assert [one.party_id for one in asked.interaction.participants.all()] == [created.pk]
    assert [one.name for one in plain.interaction.participants.all()] == ["Tanaka"]


def test_the_writer_chooses_between_namesakes():
    here = project()
    worker = agent(here)
    first, second = party(here, "Aoi Tanaka"), party(here, "Ken Tanaka")
    understood = services.understand(worker, "called Tanaka about turbine 3")
    assert {known.name for known in understood.reading.who[0].candidates} == {"Aoi Tanaka", "Ken Tanaka"}
    assert understood.reading.state == "unsure"
    chosen = services.log_line(
        worker, "called Tanaka about turbine 3", Setting(people={"tanaka": str(second.pk)})
    )
    assert [one.party_id for one in chosen.interaction.participants.all()] == [second.pk]
    assert first.participations.count() == 0


def test_project_and_tag_are_taken_from_the_line():
    here, there = project("Tidewall", code="tidewall"), project("Harbour", code="harbour")
    worker = agent(here)
    from factories import grant, role

    grant(User.objects.get(pk=worker.user_id), there, role())
    from enishi.accounts.access import Via
    from enishi.accounts.queries import actor

    worker = actor(User.objects.get(pk=worker.user_id), via=Via.WEB)
    noise = Tag.objects.create(name="noise", path="noise")
    logged = services.log_line(worker, "met Bob yesterday #noise +harbour about berths")
    made = logged.interaction
    assert (made.channel, made.project_ids, made.subject) == ("meeting", [there.pk], "berths")
    assert [link.tag_id for link in made.tag_links.all()] == [noise.pk]
    assert made.occurred_at.date() == dt.date(2026, 11, 17)


def test_all_or_nothing(monkeypatch):
    here = project()
    worker = agent(here, codes=["conversations.view", "conversations.edit", "contacts.view"])
    from enishi.accounts.access import Forbidden

    with pytest.raises(Forbidden):
        services.log_line(worker, "called, we will send the survey by Fri")
    assert everything(Interaction) == []


def test_from_the_keyboard_with_undo(client):
    here = project()
    worker = agent(here)
    shirin = party(here, "Shirin Mohtadi")
    enter(client, worker)
    line = {"line": "called, we will send the noise survey by Fri", "party": shirin.pk}

    chips = client.get(
        reverse("conversations:parse_line"), line, headers={"HX-Request": "true"}
    ).content.decode()
    for words in ("Call", "Promise, we owe", "20 Nov", "owner: you", here.name):
        assert words in chips
    assert everything(Interaction) == []

    saved = client.post(reverse("conversations:line"), line, headers={"HX-Request": "true"})
    assert saved.status_code == 204
    told = json.loads(saved["HX-Trigger"])
    assert told["toast"]["text"] == "Logged, with what was promised."
    assert (len(everything(Interaction)), len(everything(Promise))) == (1, 1)

    undone = client.post(told["toast"]["undo_url"], headers={"HX-Request": "true"})
    assert undone["HX-Refresh"] == "true"
    assert everything(Promise) == []
    assert Interaction.objects.visible_to(worker).present().count() == 0


def test_an_unknown_name_is_offered_as_a_chip(client):
    enter(client, agent(project()))
    chips = client.get(
        reverse("conversations:parse_line"), {"line": "called Tanaka about turbine 3"}
    ).content.decode()
    assert "Create Tanaka?" in chips
    assert 'name="who-tanaka" value="new"' in chips


def test_an_empty_line_and_a_missing_right_are_answered_in_words(client):
    here = project()
    refused = enter(client, agent(here)).post(
        reverse("conversations:line"), {"line": "  "}, headers={"HX-Request": "true"}
    )
    assert refused.status_code == 422
    assert "Write what happened" in refused.content.decode()
    reader = agent(here, codes=["conversations.view"])
    assert (
        enter(client, reader).post(reverse("conversations:line"), {"line": "called Bob"}).status_code == 403
    )
    assert everything(Task) == []
