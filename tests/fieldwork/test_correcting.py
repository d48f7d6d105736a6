"""Corrections from the field stand beside what others changed meanwhile; nothing is overwritten unasked."""

from __future__ import annotations

import uuid

import pytest

from enishi.accounts.models import ProtectedField
from enishi.contacts.models import Party
from enishi.contacts.services import PointDraft, change_party, save_point
from enishi.fieldwork.models import Received
from enishi.timeline.models import Entry
from factories import agent
from fieldwork.conftest import WRITTEN, Farm, post

pytestmark = pytest.mark.django_db


def correction(farm: Farm, **fields):
    return {
        "key": str(uuid.uuid4()), "kind": "correction", "user": farm.agent.user_id, "written_at": WRITTEN,
        "who": {"party": farm.farmer.pk}, "fields": fields,
    }  # fmt: skip


def changed(seen, mine, **more):
    return {"seen": seen, "mine": mine, **more}


def phone(farm: Farm):
    return farm.farmer.points.get(kind="phone")


def fresh(farm: Farm) -> Party:
    return Party.objects.unscoped("test").get(pk=farm.farmer.pk)


def test_name_note_and_numbers_are_corrected_together(farm: Farm):
    point = phone(farm)
    email = farm.farmer.points.get(kind="email")
    sent = correction(
        farm,
        full_name=changed("Ada Miller", "Ada Millar"),
        note=changed("Dog at the gate.", "Two dogs."),
        email=changed("", "office@farm.example", kind="email"),
        **{
            f"point-{point.pk}": changed(point.typed, "+44 20 7946 0777", kind="phone"),
            f"point-{email.pk}": changed(email.typed, "", kind="email"),
        },
    )
    answer = post(farm.agent, sent)
    assert answer.json() == {"state": "kept", "again": False, "url": f"/people/{farm.farmer.pk}/"}
    party = fresh(farm)
    assert (party.full_name, party.family_name, party.note) == ("Ada Millar", "Millar", "Two dogs.")
    reached = {
        (one.pk == point.pk, one.kind, one.value, one.label) for one in party.points.exclude(kind="address")
    }
    assert reached == {
        (True, "phone", "+442079460777", "mobile"), (False, "email", "office@farm.example", "work"),
    }  # fmt: skip
    assert post(farm.agent, sent).json()["again"] is True
    entries = Entry.objects.unscoped("test").filter(event="contacts.party_changed")
    assert {entry.via for entry in entries} == {"field"}


def test_what_somebody_else_changed_meanwhile_is_asked_about_and_nothing_is_written(farm: Farm):
    point = phone(farm)
    save_point(
        farm.manager, farm.farmer, PointDraft("phone", "+44 20 7946 0555", label="mobile"), point=point
    )
    name = f"point-{point.pk}"
    sent = correction(
        farm,
        note=changed("Dog at the gate.", "Two dogs."),
        **{name: changed("+44 20 7946 0123", "+44 20 7946 0777", kind="phone")},
    )
    answer = post(farm.agent, sent)
    assert answer.status_code == 409
    assert answer.json() == {
        "state": "conflict",
        "fields": [
            {"name": name, "label": "Phone", "mine": "+44 20 7946 0777", "theirs": "+44 20 7946 0555"}
        ],
    }
    assert fresh(farm).note == "Dog at the gate." and Received.objects.count() == 0
    assert phone(farm).value == "+442079460555"
    # Mine is chosen: from now on it is compared with what stands there.
    sent["fields"][name]["seen"] = "+44 20 7946 0555"
    assert post(farm.agent, sent).json()["state"] == "kept"
    assert (phone(farm).value, fresh(farm).note) == ("+442079460777", "Two dogs.")


def test_theirs_stays_and_the_rest_is_written(farm: Farm):
    change_party(farm.manager, farm.farmer, full_name="Ada Mueller")
    sent = correction(
        farm, full_name=changed("Ada Miller", "Ada Millar"), note=changed("Dog at the gate.", "Two dogs.")
    )
    assert [one["name"] for one in post(farm.agent, sent).json()["fields"]] == ["full_name"]
    del sent["fields"]["full_name"]
    assert post(farm.agent, sent).json()["state"] == "kept"
    assert (fresh(farm).full_name, fresh(farm).note) == ("Ada Mueller", "Two dogs.")


def test_another_field_of_the_same_contact_is_no_conflict(farm: Farm):
    change_party(farm.manager, farm.farmer, note="Cat at the gate.")
    sent = correction(farm, full_name=changed("Ada Miller", "Ada Millar"))
    assert post(farm.agent, sent).json()["state"] == "kept"
    assert (fresh(farm).full_name, fresh(farm).note) == ("Ada Millar", "Cat at the gate.")


def test_a_number_taken_away_meanwhile_is_asked_about(farm: Farm):
    point = phone(farm)
    name = f"point-{point.pk}"
    save_point(farm.manager, farm.farmer, None, point=point)
    sent = correction(farm, **{name: changed("+44 20 7946 0123", "+44 20 7946 0777", kind="phone")})
    [clash] = post(farm.agent, sent).json()["fields"]
    assert (clash["mine"], clash["theirs"]) == ("+44 20 7946 0777", "")
    sent["fields"][name]["seen"] = ""
    assert post(farm.agent, sent).json()["state"] == "kept"
    assert phone(farm).value == "+442079460777"


def test_what_cannot_be_used_is_refused_with_the_reason(farm: Farm):
    sent = correction(
        farm, phone=changed("", "12", kind="phone"), note=changed("Dog at the gate.", "Two dogs.")
    )
    answer = post(farm.agent, sent)
    assert answer.status_code == 422 and answer.json()["why"]
    assert fresh(farm).note == "Dog at the gate."
    answer = post(farm.agent, correction(farm, full_name=changed("Ada Miller", "")))
    assert answer.status_code == 422 and fresh(farm).full_name == "Ada Miller"


def test_rights_count_and_what_is_out_of_sight_is_not_there(farm: Farm):
    sent = correction(farm, note=changed("Dog at the gate.", "Two dogs."))
    writer = agent(farm.place, codes=["contacts.view", "conversations.view", "conversations.edit"])
    assert post(writer, {**sent, "user": writer.user_id}).status_code == 403
    stranger = post(farm.outsider, {**sent, "user": farm.outsider.user_id})
    forged = post(farm.agent, {**sent, "who": {"party": farm.hidden.pk}})
    assert (stranger.status_code, forged.status_code) == (404, 404)
    assert stranger.json() == forged.json()
    assert fresh(farm).note == "Dog at the gate."


def test_a_number_of_somebody_else_is_not_changed(farm: Farm):
    save_point(farm.manager, farm.hidden, PointDraft("phone", "+44 20 7946 0999"))
    other = farm.hidden.points.get()
    sent = correction(farm, **{f"point-{other.pk}": changed("", "+44 20 7946 0777", kind="phone")})
    assert post(farm.agent, sent).json()["state"] == "kept"
    other.refresh_from_db()
    assert (other.value, other.party_id) == ("+442079460999", farm.hidden.pk)
    assert farm.farmer.points.filter(value="+442079460777").count() == 1


def test_a_protected_note_is_neither_compared_nor_written(farm: Farm):
    ProtectedField.objects.create(name="contacts.note")
    answer = post(farm.agent, correction(farm, note=changed("guess", "Two dogs.")))
    assert answer.status_code == 403 and "gate" not in answer.content.decode()
    assert fresh(farm).note == "Dog at the gate."


def test_a_protected_number_is_neither_compared_nor_written(farm: Farm):
    ProtectedField.objects.create(name="contacts.phone")
    number = phone(farm)
    answer = post(farm.agent, correction(farm, **{f"point-{number.pk}": changed("guess", "", kind="phone")}))
    assert answer.status_code == 403 and "7946" not in answer.content.decode()
    answer = post(farm.agent, correction(farm, phone=changed("", "+44 20 7946 0777", kind="phone")))
    assert answer.status_code == 403
    assert [point.value for point in farm.farmer.points.filter(kind="phone")] == ["+442079460123"]


@pytest.mark.parametrize(
    "fields", [{"owner_id": {"mine": "1"}}, {"point-x": {"mine": "1"}}, {"phone": {"kind": "web"}}]
)
def test_no_other_field_is_taken(farm: Farm, fields):
    assert post(farm.agent, correction(farm, **fields)).status_code == 400
