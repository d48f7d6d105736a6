"""Photos and files written down with a visit hang on it once, byte by byte, with the rights of now."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from enishi.accounts.access import Actor, Level, Via, narrowable
from enishi.accounts.models import Grant, User
from enishi.accounts.queries import actor as actor_of
from enishi.content.models import File
from enishi.content.services import open_file
from enishi.conversations.models import Attachment, Interaction
from enishi.conversations.services import delete_interaction, restore_interaction
from enishi.core import storage
from enishi.fieldwork.models import Received
from enishi.fieldwork.services import enclosing, read_enclosed
from enishi.timeline.models import Entry
from factories import SYSTEM, narrowed
from fieldwork.conftest import WRITTEN, Farm, browser, post
from together import at_once

pytestmark = pytest.mark.django_db

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40


def photo(farm: Farm, of: str, data: bytes = JPEG, **values: Any) -> dict[str, Any]:
    told = {
        "key": str(uuid.uuid4()),
        "user": farm.agent.user_id,
        "talk": of,
        "added_at": WRITTEN,
        "name": "ditch.jpg",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return {**told, **values}


def ask(actor: Actor, told: dict[str, Any]) -> Any:
    return browser(actor).post("/field/file/ask/", told, content_type="application/json")


def hand_in(actor: Actor, told: dict[str, Any], data: bytes = JPEG, client: Client | None = None) -> Any:
    return (client or browser(actor)).post(
        "/field/file/",
        data,
        content_type="application/octet-stream",
        headers={"X-Field-File": quote(json.dumps(told))},
    )


@pytest.fixture
def talk(farm: Farm) -> str:
    """The key of a visit that has arrived."""
    sent = farm.talk()
    assert post(farm.agent, sent).json()["state"] == "kept"
    return str(sent["key"])


def attached() -> list[File]:
    return [one.file for one in Attachment.objects.select_related("file").order_by("pk")]


def bytes_of(reader: Actor, file: File) -> bytes:
    with open_file(reader, file.pk).stream as stream:
        return stream.read()


def the_talk() -> Interaction:
    return Interaction.objects.unscoped("test").get()


def test_a_photo_hangs_on_its_visit_byte_by_byte(farm: Farm, talk: str):
    told = photo(farm, talk, name="../\u202egpj.رودخانه 1.jpg")
    assert ask(farm.agent, told).json() == {"state": "wanted"}
    answer = hand_in(farm.agent, told)
    assert (answer.status_code, answer.json()) == (200, {"state": "kept", "again": False})
    [file] = attached()
    assert file.name == "gpj.رودخانه 1.jpg" and file.attachment and file.project_id == farm.place.pk
    assert bytes_of(farm.agent, file) == JPEG
    version = file.versions.get()
    assert (version.media_type, version.size) == ("image/jpeg", len(JPEG))
    entries = Entry.objects.unscoped("test").filter(event="content.file_added")
    assert [(one.via, one.user_id) for one in entries] == [("field", farm.agent.user_id)]
    page = browser(farm.agent).get(f"/conversations/{the_talk().pk}/").content.decode()
    assert "رودخانه" in page


def test_what_it_is_is_decided_by_its_bytes(farm: Farm, talk: str):
    script = b"<html><script>alert(1)</script></html>"
    assert hand_in(farm.agent, photo(farm, talk, script, name="photo.jpg"), script).json()["state"] == "kept"
    assert [one.versions.get().media_type for one in attached()] == ["text/html"]


def test_sent_twice_it_hangs_there_once(farm: Farm, talk: str):
    told = photo(farm, talk)
    hand_in(farm.agent, told)
    assert ask(farm.agent, told).json() == {"state": "kept", "again": True}
    assert hand_in(farm.agent, told).json() == {"state": "kept", "again": True}
    chosen_again = photo(farm, talk, name="the same.jpg")
    assert ask(farm.agent, chosen_again).json() == {"state": "kept", "again": True}
    assert len(attached()) == 1


@pytest.mark.django_db(transaction=True)
def test_sent_twice_at_the_same_time_it_hangs_there_once(farm: Farm):
    sent = farm.talk()
    post(farm.agent, sent)
    told = read_enclosed(json.dumps(photo(farm, sent["key"])))

    def send() -> bool:
        return enclosing.enclose(farm.agent, told, source=io.BytesIO(JPEG), length=len(JPEG)).again

    assert sorted(at_once(send)) == [False, True] and len(attached()) == 1


def test_it_goes_on_after_the_first_of_three(farm: Farm, talk: str):
    contents = [JPEG + bytes([number]) for number in range(3)]
    all_three = [photo(farm, talk, data, name=f"{n}.jpg") for n, data in enumerate(contents)]
    hand_in(farm.agent, all_three[0], contents[0])
    # The line breaks within the second one: the server got less than was said.
    broken = hand_in(farm.agent, all_three[1], contents[1][:5000])
    assert (broken.status_code, broken.json()) == (400, {"state": "broken"})
    assert [ask(farm.agent, one).json()["state"] for one in all_three] == ["kept", "wanted", "wanted"]
    for told, data in zip(all_three, contents, strict=True):
        assert hand_in(farm.agent, told, data).json()["state"] == "kept"
    assert [file.name for file in attached()] == ["0.jpg", "1.jpg", "2.jpg"]
    assert [bytes_of(farm.agent, file) for file in attached()] == contents


def test_bytes_that_are_not_what_was_said_are_refused_and_kept_nowhere(farm: Farm, talk: str, settings):
    other = JPEG[:-1] + b"x"
    answer = hand_in(farm.agent, photo(farm, talk), other)
    assert answer.status_code == 422 and answer.json()["state"] == "refused"
    assert "ditch.jpg" in answer.json()["why"]
    assert attached() == [] and not storage.path_of(hashlib.sha256(other).hexdigest()).exists()
    assert not [one for one in Path(settings.FILES_DIR).rglob("*") if one.is_file()]


def test_knowing_what_bytes_come_to_brings_nobody_those_of_others(farm: Farm, talk: str):
    """A hash is no key: bytes that the house keeps for others are handed in whole like any."""
    storage.put_bytes(JPEG)
    told = photo(farm, talk)
    assert ask(farm.agent, told).json() == {"state": "wanted"}
    assert hand_in(farm.agent, told, b"").json() == {"state": "broken"} and attached() == []


def test_a_key_that_stands_for_another_file_is_refused(farm: Farm, talk: str):
    told = photo(farm, talk)
    hand_in(farm.agent, told)
    other = JPEG + b"2"
    answer = hand_in(farm.agent, photo(farm, talk, other, key=told["key"]), other)
    assert answer.status_code == 409 and answer.json()["state"] == "refused" and len(attached()) == 1


def test_nobody_adds_to_a_visit_that_somebody_else_sent(farm: Farm, talk: str):
    """Not even who may change that conversation on its page: the key is the sender's own."""
    never_sent = ask(farm.manager, photo(farm, str(uuid.uuid4()), user=farm.manager.user_id))
    theirs = ask(farm.manager, photo(farm, talk, user=farm.manager.user_id))
    assert theirs.status_code == never_sent.status_code == 404 and theirs.json() == never_sent.json()
    assert hand_in(farm.manager, photo(farm, talk, user=farm.manager.user_id)).status_code == 404
    as_the_agent = hand_in(farm.manager, photo(farm, talk))
    assert as_the_agent.status_code == 403 and as_the_agent.json()["state"] == "refused"
    assert attached() == []


def test_what_is_too_large_is_refused_before_it_is_read(farm: Farm, talk: str, monkeypatch):
    monkeypatch.setattr(enclosing, "MOST_BYTES", 1 << 20)

    def read(*_args: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(enclosing, "_read", read)
    told = photo(farm, talk, size=(1 << 20) + 1)
    for answer in (ask(farm.agent, told), hand_in(farm.agent, told)):
        assert answer.status_code == 413
        assert answer.json()["why"].startswith("“ditch.jpg” is larger than 1 MB.")
    # Who says little and sends much is not read either.
    small = hand_in(farm.agent, photo(farm, talk, size=10), JPEG)
    assert small.json() == {"state": "broken"} and attached() == []


def test_an_empty_file_and_one_too_many_are_refused_in_words(farm: Farm, talk: str, monkeypatch):
    monkeypatch.setattr(enclosing, "MOST_FILES", 1)
    empty = ask(farm.agent, photo(farm, talk, b""))
    assert empty.status_code == 422 and "empty" in empty.json()["why"]
    hand_in(farm.agent, photo(farm, talk))
    second = hand_in(farm.agent, photo(farm, talk, JPEG + b"2"), JPEG + b"2")
    assert second.status_code == 422 and "at most 1 " in second.json()["why"]
    assert len(attached()) == 1


def test_a_conversation_deleted_meanwhile_takes_nothing_until_it_is_restored(farm: Farm, talk: str):
    told = photo(farm, talk)
    delete_interaction(SYSTEM, the_talk())
    for answer in (ask(farm.agent, told), hand_in(farm.agent, told)):
        assert answer.status_code == 409 and "deleted" in answer.json()["why"]
    assert attached() == []
    restore_interaction(SYSTEM, the_talk())
    assert hand_in(farm.agent, told).json()["state"] == "kept" and len(attached()) == 1


def test_a_file_taken_off_in_the_office_does_not_come_back(farm: Farm, talk: str):
    told = photo(farm, talk)
    hand_in(farm.agent, told)
    Attachment.objects.all().delete()
    assert hand_in(farm.agent, told).json() == {"state": "kept", "again": True} and attached() == []


def test_rights_withdrawn_meanwhile_count(farm: Farm, talk: str):
    role = Grant.objects.get(user_id=farm.agent.user_id).role
    role.codes = [code for code in role.codes if code != "content.edit"]
    role.save()
    told = photo(farm, talk)
    for answer in (ask(farm.agent, told), hand_in(farm.agent, told)):
        assert answer.status_code == 403 and answer.json()["state"] == "refused"
    Grant.objects.filter(user_id=farm.agent.user_id).delete()
    assert ask(farm.agent, told).status_code == 404 and attached() == []


def test_who_reaches_only_their_own_records_adds_photos_to_their_own_visits(farm: Farm):
    interviewer = actor_of(narrowed(farm.place, narrow=narrowable()), via=Via.WEB)
    sent = farm.talk(user=interviewer.user_id, who={"new": {"name": "Bo Newman"}})
    assert post(interviewer, sent).json()["state"] == "kept"
    assert hand_in(interviewer, photo(farm, sent["key"], user=interviewer.user_id)).json()["state"] == "kept"
    [file] = attached()
    assert bytes_of(interviewer, file) == JPEG and bytes_of(farm.agent, file) == JPEG
    other = actor_of(narrowed(farm.place, narrow=narrowable()), via=Via.WEB)
    with pytest.raises(File.DoesNotExist):
        bytes_of(other, file)


def test_a_photo_is_never_less_confidential_than_its_visit(farm: Farm):
    sent = farm.talk(user=farm.manager.user_id, who={"party": farm.hidden.pk})
    post(farm.manager, sent)
    told = photo(farm, sent["key"], user=farm.manager.user_id)
    assert hand_in(farm.manager, told).json()["state"] == "kept"
    assert [file.confidentiality for file in attached()] == [Level.CONFIDENTIAL]


def test_it_waits_for_the_visit_to_which_it_belongs(farm: Farm):
    sent = farm.talk()
    told = photo(farm, sent["key"])
    assert hand_in(farm.agent, told).status_code == 404
    post(farm.agent, sent)
    assert hand_in(farm.agent, told).json()["state"] == "kept"


@pytest.mark.parametrize(
    "change",
    [{"key": "x"}, {"talk": None}, {"size": -1}, {"size": "many"}, {"sha256": "A" * 64}, {"name": "a\x00b"},
     {"name": "n" * 301}, {"added_at": "yesterday"}, {"user": 0}],
)  # fmt: skip
def test_what_no_phone_of_ours_says_is_400(farm: Farm, talk: str, change: dict[str, Any]):
    told = photo(farm, talk, **change)
    assert ask(farm.agent, told).status_code == hand_in(farm.agent, told).status_code == 400
    assert attached() == [] and Received.objects.count() == 1


def test_without_the_token_of_the_session_nothing_is_taken(farm: Farm, talk: str):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(pk=farm.agent.user_id))
    told = photo(farm, talk)
    assert hand_in(farm.agent, told, client=strict).status_code == 403 and attached() == []
    assert strict.post("/field/file/ask/", told, content_type="application/json").status_code == 403
    token = strict.get("/field/state/").json()["token"]
    answer = strict.post(
        "/field/file/",
        JPEG,
        content_type="application/octet-stream",
        headers={"X-CSRFToken": token, "X-Field-File": quote(json.dumps(told))},
    )
    assert answer.json()["state"] == "kept"
    assert hand_in(farm.agent, told, client=Client()).status_code == 302
