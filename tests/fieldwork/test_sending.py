"""What a phone hands in is kept once, in the order of its making, with the rights of now."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client

from enishi.accounts.access import Level, Via
from enishi.accounts.models import Grant, User
from enishi.commitments.models import Promise
from enishi.contacts.models import Party
from enishi.contacts.services import delete_party
from enishi.contacts.services.merging import merge
from enishi.conversations.models import Interaction
from enishi.fieldwork.models import Received
from enishi.fieldwork.services import read_entry, receive
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, party, project
from fieldwork.conftest import Farm, browser, post
from together import at_once

pytestmark = pytest.mark.django_db


def talks():
    return list(Interaction.objects.unscoped("test"))


def test_a_visit_is_kept_with_its_promises_and_says_how_it_came(farm: Farm):
    promises = [
        {"side": "ours", "title": "We will have it cleared", "due": "2026-11-30"},
        {"side": "theirs", "title": "Send a map", "due": ""},
    ]
    answer = post(farm.agent, farm.talk(promises=promises))
    assert answer.status_code == 200
    [talk] = talks()
    assert answer.json() == {"state": "kept", "again": False, "url": f"/conversations/{talk.pk}/"}
    assert (talk.channel, talk.subject) == ("visit", "The ditch is full.")
    assert talk.occurred_at == dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC)
    assert [one.party_id for one in talk.participants.all()] == [farm.farmer.pk]
    ours, theirs = Promise.objects.unscoped("test").order_by("id")
    assert (ours.direction, ours.quote, ours.said_in_id) == ("ours", "We will have it cleared", talk.pk)
    assert ours.due_at == dt.datetime(2026, 11, 30, 18, tzinfo=dt.UTC)
    assert (theirs.direction, theirs.due_at, theirs.party_id) == ("theirs", None, farm.farmer.pk)
    entries = Entry.objects.unscoped("test").filter(event="conversations.interaction_logged")
    assert [entry.via for entry in entries] == ["field"]
    assert Via("field").label == "In the field"


def test_somebody_new_is_entered_with_the_first_visit(farm: Farm):
    new = {
        "name": "Bo Newman",
        "organisation": "Newman Eggs",
        "phone": "020 7946 0888",
        "email": "bo@eggs.example",
    }
    sent = farm.talk(who={"new": new})
    assert post(farm.agent, sent).json()["state"] == "kept" and post(farm.agent, sent).json()["again"]
    bo = Party.objects.unscoped("test").get(full_name="Bo Newman")
    assert {one.value for one in bo.points.all()} == {"+442079460888", "bo@eggs.example"}
    assert [tie.target.full_name for tie in bo.relations_out.all()] == ["Newman Eggs"]
    assert bo.project_ids == [farm.place.pk]
    [talk] = talks()
    assert [one.party_id for one in talk.participants.all()] == [bo.pk]


def test_nobody_is_entered_where_that_right_or_a_number_is_wrong(farm: Farm):
    codes = ["contacts.view", "conversations.view", "conversations.edit"]
    writer = agent(farm.place, codes=codes)
    sent = farm.talk(who={"new": {"name": "Bo Newman"}}, user=writer.user_id)
    assert post(writer, sent).status_code == 403
    wrong = post(farm.agent, farm.talk(who={"new": {"name": "Bo Newman", "phone": "12"}}))
    assert wrong.status_code == 422 and wrong.json()["why"]
    stranger = farm.talk(who={"new": {"name": "Bo Newman"}}, user=farm.outsider.user_id)
    assert post(farm.outsider, stranger).status_code == 404
    assert talks() == [] and not Party.objects.unscoped("test").filter(full_name="Bo Newman").exists()


def test_sent_twice_it_is_there_once(farm: Farm):
    sent = farm.talk()
    first, second = post(farm.agent, sent), post(farm.agent, sent)
    assert second.json() == {**first.json(), "again": True}
    assert len(talks()) == 1 and Received.objects.count() == 1


def test_what_was_changed_after_it_had_arrived_is_not_lost_silently(farm: Farm):
    sent = farm.talk()
    post(farm.agent, sent)
    again = post(farm.agent, {**sent, "text": "Another wording"})
    assert again.status_code == 409 and again.json()["state"] == "refused"
    assert [talk.subject for talk in talks()] == ["The ditch is full."]


@pytest.mark.django_db(transaction=True)
def test_sent_twice_at_the_same_time_it_is_there_once(farm: Farm):
    entry = read_entry(_json(farm.talk()))
    assert sorted(at_once(lambda: receive(farm.agent, entry).again)) == [False, True]
    assert len(talks()) == 1


def _json(sent) -> bytes:
    import json

    return json.dumps(sent).encode()


def test_a_forged_person_is_refused_like_one_that_is_not_there(farm: Farm):
    hidden = post(farm.agent, farm.talk(who={"party": farm.hidden.pk}))
    missing = post(farm.agent, farm.talk(who={"party": 10**12}))
    nobody = post(farm.agent, farm.talk(who={}))
    assert [answer.status_code for answer in (hidden, missing, nobody)] == [404, 404, 404]
    assert hidden.json() == missing.json() == nobody.json()
    assert talks() == [] and Received.objects.count() == 0


def test_an_outsider_writes_nothing_about_people_out_of_sight(farm: Farm):
    answer = post(farm.outsider, farm.talk(user=farm.outsider.user_id))
    assert answer.status_code == 404 and answer.json()["state"] == "refused"
    assert "Ada" not in answer.content.decode() and talks() == []


def test_a_project_out_of_sight_is_404_and_one_without_the_right_is_403(farm: Farm):
    elsewhere = project("Elsewhere still")
    assert post(farm.agent, farm.talk(project=elsewhere.pk)).status_code == 404
    Grant.objects.filter(user_id=farm.agent.user_id).get().role.codes.remove("conversations.edit")
    role = Grant.objects.get(user_id=farm.agent.user_id).role
    role.codes = [code for code in role.codes if code != "conversations.edit"]
    role.save()
    answer = post(farm.agent, farm.talk())
    assert answer.status_code == 403 and answer.json()["state"] == "refused"
    assert talks() == [] and Received.objects.count() == 0


def test_rights_withdrawn_meanwhile_count(farm: Farm):
    Grant.objects.filter(user_id=farm.agent.user_id).delete()
    answer = post(farm.agent, farm.talk())
    assert answer.status_code == 404 and talks() == []


def test_refused_once_it_can_be_sent_again_under_the_same_number(farm: Farm):
    sent = farm.talk(promises=[{"side": "ours", "title": "Call", "due": "32 November"}])
    answer = post(farm.agent, sent)
    assert answer.status_code == 422 and answer.json()["state"] == "refused"
    assert talks() == [] and Promise.objects.unscoped("test").count() == 0
    sent["promises"][0]["due"] = "30 Nov 2026"
    assert post(farm.agent, sent).json()["state"] == "kept"


def test_another_users_entry_is_not_sent_as_ones_own(farm: Farm):
    answer = post(farm.manager, farm.talk())
    assert answer.status_code == 403 and answer.json()["state"] == "refused" and talks() == []


def test_a_deleted_contact_is_refused_and_a_merged_one_is_followed(farm: Farm):
    kept = party(farm.place, "Ada M. Miller")
    merge(SYSTEM, kept=kept, gone=farm.farmer)
    post(farm.agent, farm.talk())
    [talk] = talks()
    assert [one.party_id for one in talk.participants.all()] == [kept.pk]
    delete_party(SYSTEM, kept)
    assert post(farm.agent, farm.talk()).status_code == 404


def test_a_talk_is_never_less_confidential_than_whom_it_is_with(farm: Farm):
    sent = farm.talk(user=farm.manager.user_id, who={"party": farm.hidden.pk})
    assert post(farm.manager, sent).json()["state"] == "kept"
    assert [talk.confidentiality for talk in talks()] == [Level.CONFIDENTIAL]


@pytest.mark.parametrize(
    "change",
    [
        {"key": "x"}, {"kind": "erase"}, {"channel": "email"}, {"written_at": "2026-11-20T09:30:00"},
        {"who": {"party": -1}}, {"text": "a\x00b"}, {"promises": [{"side": "both", "title": "x"}]}, {"project": None},
    ],
)  # fmt: skip
def test_what_no_phone_of_ours_sends_is_400(farm: Farm, change):
    answer = post(farm.agent, farm.talk(**change))
    assert answer.status_code == 400 and answer.json()["state"] == "refused"


def test_no_json_is_400_and_no_token_is_403(farm: Farm):
    client = browser(farm.agent)
    assert client.post("/field/send/", b"\xff", content_type="application/json").status_code == 400
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(pk=farm.agent.user_id))
    answer = strict.post("/field/send/", farm.talk(), content_type="application/json")
    assert answer.status_code == 403 and talks() == []
    token = strict.get("/field/state/").json()["token"]
    answer = strict.post(
        "/field/send/", farm.talk(), content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert answer.json()["state"] == "kept"


def test_a_moment_that_was_given_counts_in_the_writers_zone(farm: Farm):
    User.objects.filter(pk=farm.agent.user_id).update(time_zone="Asia/Tokyo")
    post(farm.agent, farm.talk(when="2026-11-20T18:00"))
    assert [talk.occurred_at for talk in talks()] == [dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)]


def test_a_clock_that_is_fast_does_not_make_a_visit_of_tomorrow(farm: Farm):
    before = dt.datetime.now(dt.UTC)
    post(farm.agent, farm.talk(written_at="2099-01-01T00:00:00Z", key=str(uuid.uuid4())))
    [talk] = talks()
    assert before <= talk.occurred_at <= dt.datetime.now(dt.UTC)
