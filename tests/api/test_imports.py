"""Imports through the API."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enishi.contacts.models import ImportRun
from enishi.contacts.services import importing
from factories import project

pytestmark = pytest.mark.django_db
CSV = "姓,名,メール\n橘,葵,aoi@ushio.example\n三崎,琴音,kotone@\n".encode("cp932")


def _send(api, data=CSV, name="people.csv", **fields):
    return api.client.post(
        "/api/v1/imports",
        {"file": SimpleUploadedFile(name, data), "project_id": api.project.pk, **fields},
        headers={"Authorization": f"Bearer {api.secret}"},
    )


def _work(run_id, step):
    run = ImportRun.objects.unscoped("test").get(pk=run_id)
    step(importing.worker_of(run), run)


def test_a_file_is_sent_tried_brought_in_and_taken_back(api):
    made = _send(api)
    assert made.status_code == 201, made.content
    path = f"imports/{made.json()['id']}"
    assert api("POST", f"{path}/apply").status_code == 409
    assert api("POST", f"{path}/check").json()["state"] == "checking"
    _work(made.json()["id"], importing.check)
    tried = api("GET", path).json()
    assert (tried["state"], tried["counts"]["created"], tried["counts"]["refused"]) == ("checked", 1, 1)
    (refused,) = api("GET", f"{path}/rows?action=refuse").json()["items"]
    assert (refused["number"], refused["problems"][0]["column"]) == (3, "メール")
    assert api("POST", f"{path}/apply").json()["state"] == "applying"
    _work(made.json()["id"], importing.apply)
    assert [p["full_name"] for p in api("GET", "parties").json()["items"]] == ["橘 葵"]
    assert api("POST", f"{path}/undo").status_code == 202
    assert api("GET", "parties").json()["items"] == []


def test_what_cannot_be_read_is_refused_in_words(api):
    answer = _send(api, b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "picture.png")
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_imports_of_another_project_do_not_exist(api):
    made = _send(api)
    assert _send(api, project_id=project().pk).status_code == 404
    from api.tokens import api_in

    other = api_in(project())
    assert other("GET", f"imports/{made.json()['id']}").status_code == 404
    assert other("GET", "imports").json()["items"] == []
