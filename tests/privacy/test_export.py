"""Everything about a person as a file: complete for whoever may read all, silent about others."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.access import Actor, Forbidden
from enishi.accounts.models import User
from enishi.core import clock, storage
from enishi.privacy.models import Export
from enishi.privacy.services import ExportRefused, export_of_job, forget_exports, run_export, start_export
from enishi.timeline.models import Entry, Notification
from factories import READ, agent, outsider, project
from privacy.world import FORMER, MAIL, NAME, Corner, corner

pytestmark = pytest.mark.django_db


def made(actor: Actor, world: Corner, language: str = "en") -> tuple[Export, zipfile.ZipFile]:
    started = start_export(actor, world.person, language=language)
    export = run_export(actor, export_of_job(started.pk))
    return export, zipfile.ZipFile(io.BytesIO(storage.path_of(export.sha256).read_bytes()))


def rows(archive: zipfile.ZipFile) -> dict[str, list[dict[str, object]]]:
    data = json.loads(archive.read("data.json"))
    assert data["format"] == "enishi.person/1"
    return {chapter["code"]: chapter["rows"] for chapter in data["chapters"]}


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def test_everything_is_in_the_file():
    world = corner()
    export, archive = made(world.boss, world)
    told = rows(archive)
    assert told["record"][0]["full_name"] == NAME
    assert told["record"][0]["birth_date"] == "1984-05-09"
    assert [row["value"] for row in told["reach"]] == [MAIL, "+441632960123"]
    assert told["relations"][0] == {
        "relation": "works for", "with": "Kitahama Port", "title": "Harbour master",
    }  # fmt: skip
    assert told["fields"] == [{"field": "Shoe size", "value": "forty-one and a half"}]
    assert told["tags"] == [{"tag": "Press"}]
    assert told["ids"] == [{"system": "ledger", "value": "SM-4711"}]
    assert told["consents"][0]["evidence"] == "Form of 4 April"
    assert {row["subject"] for row in told["conversations"]} == {
        "Night noise at the pump", "Harbour meeting", "Complaint against the harbour master",
    }  # fmt: skip
    assert told["promises"][0]["outcome"] == f"Handed to {NAME}"
    assert [row["name"] for row in told["files"]] == ["letter of Shirin.txt", "minutes.txt"]
    assert any(row.get("after") == "Mohtadi" for row in told["history"])
    assert FORMER in archive.read("data.json").decode()
    assert archive.read("files/letter of Shirin.txt") == b"Dear all"
    assert archive.read("files/voice.txt") == b"cannot sleep, says Shirin Mohtadi"
    assert export.withheld == 0
    page = archive.read("read-me.html").decode()
    assert '<html lang="en" dir="ltr">' in page
    assert "Night noise at the pump" in page
    assert "files/letter%20of%20Shirin.txt" in page


def test_other_people_are_left_out():
    world = corner()
    _export, archive = made(world.boss, world)
    told = rows(archive)
    meeting = next(row for row in told["conversations"] if row["subject"] == "Harbour meeting")
    assert meeting["people"] == ["another person", "one of us", "themselves"]
    assert "bertil@ekdahl.example" not in archive.read("data.json").decode()
    assert "bertil@ekdahl.example" not in archive.read("read-me.html").decode()
    assert MAIL in meeting["text"]
    assert [row["with"] for row in told["relations"]] == ["Kitahama Port", "another person"]


def test_what_lies_beyond_the_clearance_is_counted_and_left_out():
    world = corner()
    worker = agent(world.where)
    export, archive = made(worker, world)
    told = rows(archive)
    assert "in confidence" not in archive.read("data.json").decode()
    assert "Complaint" not in archive.read("read-me.html").decode()
    assert {row["subject"] for row in told["conversations"]} == {"Night noise at the pump", "Harbour meeting"}
    assert export.withheld == 1
    assert "1 confidential record is left out." in archive.read("read-me.html").decode()


def test_the_page_is_in_the_language_of_the_person():
    world = corner()
    _export, archive = made(world.boss, world, language="fa")
    assert '<html lang="fa" dir="rtl">' in archive.read("read-me.html").decode()
    # What programs read does not change with the language.
    assert rows(archive)["promises"][0]["state"] == "kept_late"


def test_it_needs_the_right_and_is_recorded():
    world = corner()
    with pytest.raises(Forbidden):
        start_export(agent(world.where, codes=READ), world.person, language="en")
    export, _archive = made(world.boss, world)
    entry = Entry.objects.unscoped("test").get(event="privacy.person_exported")
    assert (entry.party_id, entry.data["conversations"], entry.data["withheld"]) == (world.person.pk, 3, 0)
    assert Notification.objects.get(kind="export").url == reverse("privacy:export", args=[export.pk])
    with pytest.raises(ExportRefused):
        start_export(world.boss, _organisation(world), language="en")


def _organisation(world: Corner):
    from factories import party

    return party(world.where, "Ushio Fishing", kind="organisation")


def test_only_who_asked_fetches_it_and_only_while_they_may():
    world = corner()
    export, _archive = made(world.boss, world)
    address = reverse("privacy:export_file", args=[export.pk])
    answer = browser(world.boss).get(address)
    assert answer["Content-Disposition"].startswith("attachment")
    assert zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).testzip() is None
    assert browser(agent(world.where)).get(address).status_code == 404
    assert browser(outsider()).get(address).status_code == 404
    assert browser(agent(world.where, codes=READ)).get(address).status_code == 403


def test_a_right_taken_away_meanwhile_fails_the_job():
    world = corner()
    started = start_export(world.boss, world.person, language="en")
    without = agent(project("Elsewhere"))
    assert run_export(without, export_of_job(started.pk)).state == Export.State.FAILED
    assert Export.objects.unscoped("test").get().sha256 == ""


def test_the_file_is_deleted_after_its_days(monkeypatch):
    world = corner()
    export, _archive = made(world.boss, world)
    assert forget_exports() == 0
    Export.objects.unscoped("test").update(expires_at=clock.now() - dt.timedelta(minutes=1))
    assert forget_exports() == 1
    assert not storage.path_of(export.sha256).exists()
    assert browser(world.boss).get(reverse("privacy:export_file", args=[export.pk])).status_code == 404
    page = browser(world.boss).get(reverse("privacy:export", args=[export.pk])).content.decode()
    assert "The file was deleted again." in page


def test_the_pages():
    world = corner()
    client = browser(world.boss)
    record = client.get(reverse("contacts:party", args=[world.person.pk])).content.decode()
    address = reverse("privacy:person", args=[world.person.pk])
    assert address in record
    assert "Prepare the file" in client.get(address).content.decode()
    answer = client.post(address, {"language": "fr"})
    export = Export.objects.unscoped("test").get()
    assert answer["Location"] == reverse("privacy:export", args=[export.pk])
    assert "Gathering everything" in client.get(answer["Location"]).content.decode()
    run_export(world.boss, export_of_job(export.pk))
    assert "Fetch the file" in client.get(answer["Location"]).content.decode()
    assert export_of_job(export.pk).language == "fr"
    assert client.get(reverse("contacts:party", args=[world.other.pk])).status_code == 200
    assert browser(outsider()).get(address).status_code == 404
