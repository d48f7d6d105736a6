"""Conversations, promises, tasks, files and search through the API."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enishi.accounts.access import Level
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.timeline.models import Entry
from factories import manager, party, project

pytestmark = pytest.mark.django_db
AT = "2026-11-20T10:00:00+09:00"


def _log(api, **values):
    data = {
        "channel": "call",
        "occurred_at": AT,
        "project_ids": [api.project.pk],
        "subject": "Noise at night",
    }
    return api("POST", "interactions", {**data, **values})


def test_a_conversation_is_logged_with_people_and_changed(api):
    aoi = party(api.project, "橘 葵")
    made = _log(
        api, participants=[{"party_id": aoi.pk}, {"name": "A neighbour", "role": "with"}], text="Too loud."
    )
    assert made.status_code == 201
    body = made.json()
    assert [(p["party_id"], p["name"]) for p in body["participants"]] == [(aoi.pk, ""), (None, "A neighbour")]
    assert body["occurred_at"] == "2026-11-20T01:00:00Z"
    path = f"interactions/{body['id']}"
    changed = api("PATCH", path, {"text": "Too loud after 22:00."}, If_Match=made["ETag"])
    assert changed.json()["text"] == "Too loud after 22:00."
    assert len(changed.json()["participants"]) == 2
    assert api("PATCH", path, {"text": "x"}, If_Match=made["ETag"]).status_code == 412
    listed = api("GET", f"interactions?party_id={aoi.pk}&since=2026-11-20&until=2026-11-20").json()
    assert [one["id"] for one in listed["items"]] == [body["id"]]
    assert (
        api("GET", "search?q=noise").json()
        == [{"kind": "conversation", "id": body["id"], "title": "Noise at night", "detail": "橘 葵"}]
        or api("GET", "search?q=noise").json()[0]["id"] == body["id"]
    )
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert api("POST", f"{path}/restore").json()["subject"] == "Noise at night"


def test_a_confidential_conversation_leaves_no_trace(api):
    where = api.project
    aoi = party(where, "橘 葵")
    secret = log_interaction(
        manager(where),
        channel="meeting",
        occurred_at=clock.now(),
        project_ids=[where.pk],
        participants=[ParticipantDraft(party_id=aoi.pk)],
        subject="Candidacy of the mayor",
        confidentiality=Level.CONFIDENTIAL,
    )
    assert api("GET", "interactions").json()["items"] == []
    assert api("GET", "search?q=candidacy").json() == []
    for method in ("GET", "PATCH", "DELETE"):
        assert api(method, f"interactions/{secret.pk}", {} if method == "PATCH" else None).status_code == 404


def test_a_promise_is_made_settled_and_opened_again(api):
    aoi = party(api.project, "橘 葵")
    data = {
        "project_id": api.project.pk,
        "title": "Send the survey",
        "party_id": aoi.pk,
        "due_at": "2099-01-01T09:00:00Z",
    }
    made = api("POST", "promises", data)
    assert (made.status_code, made.json()["state"], made.json()["direction"]) == (201, "open", "ours")
    path = f"promises/{made.json()['id']}"
    refused = api("POST", f"{path}/settle", {"state": "waived"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "outcome")
    kept = api("POST", f"{path}/settle", {"state": "kept", "proof": "Sent by post"}, If_Match=made["ETag"])
    assert kept.json()["state"] == "kept"
    assert api("GET", "promises?state=open").json()["items"] == []
    assert api("POST", f"{path}/reopen").json()["state"] == "open"
    assert api("PATCH", path, {"title": "Send it twice"}).json()["title"] == "Send it twice"
    assert api("DELETE", path).status_code == 204
    assert Entry.objects.unscoped("test").filter(event="commitments.promise_deleted").count() == 1


def test_a_promise_is_reported_done_and_proven_later(api):
    data = {"project_id": api.project.pk, "title": "Keep the road wet", "due_at": "2099-01-01T09:00:00Z"}
    path = f"promises/{api('POST', 'promises', data).json()['id']}"
    done = api("POST", f"{path}/done").json()
    assert (done["state"], done["done_at"] is not None) == ("open", True)
    assert [row["id"] for row in api("GET", "promises?state=proof").json()["items"]] == [done["id"]]
    refused = api("POST", f"{path}/settle", {"state": "kept"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "proof")
    kept = api("POST", f"{path}/settle", {"state": "kept", "proof": "Log of the lorries"}).json()
    assert (kept["state"], kept["done_at"]) == ("kept", done["done_at"])


@pytest.mark.parametrize("kind", ["promises", "tasks"])
def test_nobody_deletes_what_was_changed_since_they_read_it(api, kind):
    made = api("POST", kind, {"project_id": api.project.pk, "title": "Book the hall"})
    path = f"{kind}/{made.json()['id']}"
    api("PATCH", path, {"title": "Book both halls"})
    refused = api("DELETE", path, If_Match=made["ETag"])
    assert (refused.status_code, refused["ETag"]) == (412, '"v2"')
    assert api("DELETE", path, If_Match='"v2"').status_code == 204


def test_a_repeating_promise_and_a_bad_rule(api):
    data = {"project_id": api.project.pk, "title": "Publish levels", "due_at": "2099-01-01T09:00:00Z"}
    made = api("POST", "promises", {**data, "rule": "FREQ=MONTHLY;COUNT=3"})
    assert made.json()["series_id"] is not None
    wrong = api("POST", "promises", {**data, "rule": "FREQ=SOMETIMES"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "rule")


def test_a_task_is_made_ticked_off_and_opened_again(api):
    made = api("POST", "tasks", {"project_id": api.project.pk, "title": "Book the hall"})
    path = f"tasks/{made.json()['id']}"
    assert api("POST", f"{path}/finish").json()["done_at"] is not None
    assert api("GET", "tasks?state=open").json()["items"] == []
    assert api("POST", f"{path}/reopen").json()["done_at"] is None
    assert api("DELETE", path).status_code == 204


def test_records_of_another_project_do_not_exist(api):
    elsewhere = project()
    assert api("POST", "tasks", {"project_id": elsewhere.pk, "title": "x"}).status_code == 404
    assert _log(api, project_ids=[elsewhere.pk]).status_code == 403


def test_a_file_is_sent_read_and_given_a_version(api):
    def send(path, name, data, **fields):
        return api.client.post(
            f"/api/v1/{path}",
            {"file": SimpleUploadedFile(name, data, "image/png"), **fields},
            headers={"Authorization": f"Bearer {api.secret}"},
        )

    made = send("files", "layers.txt", b"Rows of turbines", project_id=api.project.pk)
    assert (made.status_code, made.json()["media_type"]) == (201, "text/plain")
    path = f"files/{made.json()['id']}"
    more = send(f"{path}/versions", "layers.txt", b"More rows")
    assert [v["number"] for v in more.json()["versions"]] == [2, 1]
    content = api("GET", f"{path}/content?version=1")
    assert b"".join(content.streaming_content) == b"Rows of turbines"
    assert content["Content-Disposition"].startswith("attachment")
    assert [f["name"] for f in api("GET", "files?q=layers").json()["items"]] == ["layers.txt"]
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404


@pytest.mark.parametrize("path", ["promises", "tasks", "files", "interactions"])
def test_a_made_up_cursor_is_refused_in_words(api, path):
    answer = api("GET", f"{path}?cursor=nonsense")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")
