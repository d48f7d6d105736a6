"""Cases through the API: the same rules, the same rights, and nothing of the door by which somebody outside talks."""

from __future__ import annotations

import json

import pytest

from api.tokens import Api, api_in
from cases.world import user_of
from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.cases.models import Case, CaseDoor, ReportPage
from enishi.cases.services import keep_out, leave_address, open_case, report
from enishi.commitments.models import Promise
from enishi.commitments.services import make_promise
from enishi.timeline.models import Entry
from factories import manager, party, project

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(db: None) -> Api:
    return api_in(project(), clearance=Level.RESTRICTED)


def _open(api: Api, **values):
    return api(
        "POST",
        "cases",
        {"project_id": api.project.pk, "kind": "issue", "title": "Dust at the gate", **values},
    )


def test_a_case_is_opened_changed_moved_and_closed(api):
    aoi = party(api.project, "橘 葵")
    made = _open(api, party_id=aoi.pk, values={"topic": "health"}, priority=3, impact=4)
    body = made.json()
    assert (made.status_code, body["stage"], body["number"][:2], body["values"]) == (
        201,
        "register",
        "S-",
        {"topic": "health"},
    )
    assert body["acknowledge_by"] and body["due_at"] == body["acknowledge_by"]
    path = f"cases/{body['id']}"
    assert made["Location"] == f"/api/v1/{path}"
    refused = api("POST", f"{path}/move", {"to": "assess"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "needs.owner")
    changed = api("PATCH", path, {"owner_id": _owner(api)}, If_Match=made["ETag"])
    assert changed.json()["owner_id"] == _owner(api)
    assert api("PATCH", path, {"title": "x"}, If_Match=made["ETag"]).status_code == 412
    for stage, before in (
        ("assess", {}),
        ("act", {}),
        ("monitor", {"root_cause": "Open lorries"}),
        ("close", {"outcome": "Covered"}),
    ):
        if before:
            api("PATCH", path, before)
        if stage == "monitor":
            assert api("POST", f"{path}/acknowledge").json()["acknowledged_at"]
        assert api("POST", f"{path}/move", {"to": stage}).json()["stage"] == stage
    assert api("GET", path).json()["closed_at"] is not None
    assert [row["id"] for row in api("GET", "cases?state=closed").json()["items"]] == [body["id"]]
    assert api("POST", f"{path}/reopen", {"text": "Dust again"}).json()["stage"] == "monitor"
    assert api("POST", f"{path}/move", {"to": "nowhere"}).status_code == 422


def _owner(api: Api) -> int:
    return User.objects.get(tokens__name="Test").pk


def test_lists_are_paged_and_filtered(api):
    made = [_open(api, title=f"Dust {number}").json()["id"] for number in range(3)]
    first = api("GET", "cases?state=open&limit=2").json()
    rest = api("GET", f"cases?state=open&limit=2&cursor={first['next']}").json()
    assert sorted(row["id"] for row in first["items"] + rest["items"]) == made and rest["next"] is None
    assert api("GET", "cases?kind=grievance").json()["items"] == []
    assert [row["id"] for row in api("GET", "cases?q=Dust 1").json()["items"]] == [made[1]]
    assert api("GET", "cases?cursor=nothing").status_code == 422


def test_a_request_is_done_once(api):
    data = {"project_id": api.project.pk, "kind": "issue", "title": "Dust"}
    both = [api("POST", "cases", data, Idempotency_Key="once-1").json()["id"] for _ in range(2)]
    assert both[0] == both[1] and Case.objects.unscoped("test").count() == 1
    made = api("GET", f"cases/{both[0]}")
    assert api("GET", f"cases/{both[0]}", If_None_Match=made["ETag"]).status_code == 304


def test_words_and_ties(api):
    path = f"cases/{_open(api).json()['id']}"
    word = api("POST", f"{path}/words", {"text": "Seen by the guard"})
    assert (word.status_code, word.json()["side"]) == (201, "note")
    assert api("POST", f"{path}/words", {"text": "Hello", "to": "them"}).status_code == 422
    assert [one["text"] for one in api("GET", f"{path}/words").json()] == ["Seen by the guard"]
    promise = make_promise(manager(api.project), project=api.project, title="Water it", direction="ours")
    assert api("POST", f"{path}/ties", {"kind": "promise", "id": promise.pk}).status_code == 201
    assert api("GET", f"{path}/ties").json() == [{"kind": "promise", "id": promise.pk}]
    assert api("POST", f"{path}/ties", {"kind": "promise", "id": promise.pk + 99}).status_code == 404
    assert api("DELETE", f"{path}/ties/promise/{promise.pk}").status_code == 204
    assert api("GET", f"{path}/ties").json() == [] and Promise.objects.unscoped("test").exists()
    other = make_promise(manager(), project=project("Other"), title="Elsewhere", direction="ours")
    assert api("POST", f"{path}/ties", {"kind": "promise", "id": other.pk}).status_code == 404


def test_what_cannot_be_saved_is_said_at_its_field(api):
    def field(**values) -> str:
        refused = _open(api, **values)
        assert refused.status_code == 422
        return refused.json()["errors"][0]["field"]

    assert field(kind="cake") == "kind"
    assert field(values={"cake": 1}) == "values"
    assert field(anonymous=True, teller_name="Ken") == "anonymous"
    assert field(confidentiality=3) == "confidentiality"
    assert _open(api, party_id=987654).status_code == 404


def test_nothing_of_the_door_leaves(full):
    page = ReportPage.objects.create(project=full.project, token="t" * 12, is_on=True)
    case, passphrase = report(page, text="Dust", name="", reach="")
    leave_address(case, "zymurgia@harbour.example")
    row = full("GET", f"cases/{case.pk}")
    assert row.json()["anonymous"] is True
    door = CaseDoor.objects.get(case=case)
    answers = [
        row,
        full("GET", "cases"),
        full("GET", f"cases/{case.pk}/words"),
        full("GET", f"cases/{case.pk}/ties"),
    ]
    told = " ".join(answer.content.decode() for answer in answers)
    for secret in (
        passphrase,
        passphrase.replace(" ", ""),
        door.secret,
        "zymurgia",
        "news_to",
        "secret",
        "teller_reach",
    ):
        assert secret not in told
    said = full("POST", f"cases/{case.pk}/words", {"text": "We look into it", "to": "them"})
    assert (said.status_code, said.json()["side"]) == (201, "ours")
    assert full("GET", f"cases/{case.pk}").json()["acknowledged_at"] is not None


def test_rights_and_who_is_kept_out(api):
    me = _owner(api)
    secret = open_case(manager(api.project), project=api.project, kind="grievance", title="Zymurgia")
    assert api("GET", "cases").json()["items"] == []
    for method, rest in (("GET", ""), ("PATCH", ""), ("POST", "/move"), ("GET", "/words"), ("GET", "/ties")):
        data = {"to": "assess"} if method != "GET" else None
        assert api(method, f"cases/{secret.pk}{rest}", data).status_code == 404
    boss = manager(api.project)
    mine = _open(api).json()["id"]
    case = Case.objects.unscoped("test").get(pk=mine)
    keep_out(boss, case, user=User.objects.get(pk=me), reason="Leads the works")
    assert api("GET", f"cases/{mine}").status_code == 404
    assert api("GET", "cases").json()["items"] == []
    reader = api_in(api.project, codes=["cases.view"])
    assert reader("GET", f"cases/{mine}").status_code == 200
    assert reader("PATCH", f"cases/{mine}", {"title": "x"}).status_code == 403
    assert reader("POST", f"cases/{mine}/words", {"text": "x"}).status_code == 403
    assert api_in(project("Elsewhere"))("GET", f"cases/{mine}").status_code == 404
    narrow = api_in(api.project, codes=["contacts.view"])
    assert narrow("GET", f"cases/{mine}").status_code == 404
    entry = Entry.objects.unscoped("test").filter(event="cases.case_opened").latest("pk")
    assert entry.via == "api" and json.dumps(entry.changes)
    assert user_of(boss).pk != me
