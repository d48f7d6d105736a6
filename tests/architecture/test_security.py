"""What a hostile reader tries: forged forms, foreign addresses, scripts in names, fields that are not theirs."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from architecture.world import World, routes
from enishi.accounts.access import Via
from enishi.accounts.queries import actor as actor_of
from enishi.content.services import add_file
from factories import PASSWORD

# Addresses that anybody may post to, or that no form leads to.
WITHOUT_FORM = {"healthz", "api_guide"}
EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"


def _post(world: World, name: str, route: str) -> int:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies = world.client("admin").cookies
    point = transaction.savepoint()
    try:
        return client.post(world.address(route, name), world.sent(name, "POST")).status_code
    finally:
        transaction.savepoint_rollback(point)


ELSEWHERE = ("https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)")


def test_every_form_needs_its_token(world):
    taken = {
        name: status
        for name, route in routes()
        if not name.startswith("api:")
        # A directory shows a token and no cookie: whoever is signed in is a stranger there.
        and (status := _post(world, name, route)) not in {403, 405, 401 if name.startswith("scim:") else 403}
    }
    assert taken == {}


def _led_to(world, name: str, route: str, to: str) -> list[str]:
    """Where an address sends people who say that they came from, and want to go, ``to``."""
    point = transaction.savepoint()
    answer = world.client("admin").post(
        world.address(route, name), {**world.sent(name, "POST"), "next": to}, headers={"Referer": to}
    )
    transaction.savepoint_rollback(point)
    return [answer.get(header, "") for header in ("Location", "HX-Redirect", "HX-Location")]


def test_nothing_sends_people_elsewhere(world):
    """Every address that goes where it is told keeps people here."""
    led = [
        (n, r) for n, r in routes() if not n.startswith("api:") and n not in {"account_logout", "sign_out"}
    ]
    told = [
        (name, route)
        for name, route in led
        if any("told=1" in target for target in _led_to(world, name, route, "/people/?told=1"))
    ]
    assert {"account_login", "choose", "commitments:done", "commitments:due"} <= dict(told).keys()
    for elsewhere in ELSEWHERE:
        for name, route in told:
            for target in _led_to(world, name, route, elsewhere):
                assert "evil" not in target.split("?")[0] and not target.startswith("javascript"), (
                    f"{name}: {target}"
                )


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_sends_nobody_elsewhere(world, elsewhere):
    client = Client()
    inside = client.post(
        "/account/login/", {"login": world.people["agent"].email, "password": PASSWORD, "next": elsewhere}
    )
    assert inside.status_code == 302 and inside["Location"] == "/"


def test_every_answer_says_what_a_browser_may_do(world):
    for who, address in (("nobody", "/account/login/"), ("admin", "/people/"), ("admin", "/missing/")):
        answer = world.client(who).get(address)
        policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
        assert (
            policy["default-src"] == "'none'"
            and policy["script-src"] == "'self'"
            and policy["style-src"] == "'self'"
        )
        assert policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_cookies_are_for_this_site_only(world, settings):
    settings.SESSION_COOKIE_SECURE = True
    answer = Client().post(
        "/account/login/", {"login": world.people["agent"].email, "password": PASSWORD}, secure=True
    )
    session = answer.cookies["sessionid"]
    assert session["httponly"] and session["secure"]
    assert session["samesite"] == "Lax"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("feed.xml", b"<?xml version='1.0'?><x/>"),
        ("paper.pdf", b"%PDF-1.4"),
    ],
)
def test_what_was_uploaded_is_only_ever_a_download(world, name, data):
    worker = actor_of(world.people["agent"], via=Via.WEB)
    kept = add_file(worker, project=world.project, name=name, data=data)
    answer = world.client("agent").get(reverse("content:download", args=[kept.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    b"".join(answer.streaming_content)
    picture = world.client("agent").get(reverse("content:picture", args=[kept.pk]))
    assert picture.status_code == 404


def test_an_upload_with_a_path_for_a_name_stays_in_its_place(world):
    given = SimpleUploadedFile("..%2f..%2fetc/passwd", b"root")
    answer = world.client("agent").post("/files/", {"files": [given], "project": world.project.pk})
    assert answer.status_code in {302, 422}


def _fields(api, path: str) -> dict[str, object]:
    return json.loads(api("GET", path).content)


def _tag(api, path: str) -> str:
    return api("GET", path)["ETag"]


def test_a_program_changes_no_field_that_is_not_its_to_change(world):
    """Ids, versions, authors, times and foreign projects in a body are refused or ignored, never taken."""
    api = world.apis["agent"]
    other = world.apis["outsider"].project.pk
    party_id = world.ids["party_id"]
    for path in (
        f"parties/{party_id}",
        f"promises/{world.ids['promise_id']}",
        f"tasks/{world.ids['task_id']}",
    ):
        before = _fields(api, path)
        answer = api(
            "PATCH", path,
            {"id": 1_000_000, "created_at": "2001-01-01T00:00:00Z", "deleted_at": "2001-01-01T00:00:00Z",
             "merged_into_id": party_id, "settled_by_id": 1, "settled_at": "2001-01-01T00:00:00Z", "photo": "x"},
            If_Match=_tag(api, path),
        )  # fmt: skip
        assert answer.status_code in {200, 422}, path
        after = _fields(api, path)
        ignored = {"version", "updated_at"}
        assert {k: v for k, v in before.items() if k not in ignored} == {
            k: v for k, v in after.items() if k not in ignored
        }
        moved = api("PATCH", path, {"project_ids": [other], "project_id": other}, If_Match=_tag(api, path))
        now = _fields(api, path)
        assert other not in [now.get("project_id"), *(now.get("project_ids") or [])], (
            path,
            moved.status_code,
        )


def test_a_program_raises_no_confidentiality_above_its_own(world):
    api = world.apis["agent"]
    made = api(
        "POST",
        "parties",
        {"kind": "person", "full_name": "X", "project_ids": [world.project.pk], "confidentiality": 3},
    )
    assert made.status_code in {403, 422}
