"""The plan, files given and layers through the API: the same services, the same rights."""

from __future__ import annotations

import datetime as dt

import pytest

from api.tokens import Api, api_in
from enishi.accounts.access import Level
from enishi.contacts.services import PointDraft, save_point
from enishi.contacts.services.setup import create_tag
from enishi.content.services import add_file, add_version
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from factories import READ, SYSTEM, manager, party, project

pytestmark = pytest.mark.django_db
SITE = {"type": "Polygon", "coordinates": [[[139, 35], [140, 35], [140, 36], [139, 35]]]}


@pytest.fixture
def api(db: None) -> Api:
    return api_in(project("Tidewall"))


def _line(api: Api, **values):
    sent = {
        "project_id": api.project.pk,
        "aim": "Show the site",
        "method": "consult",
        "starts_on": str(clock.today()),
    }
    return api("POST", "plan", {**sent, **values})


def test_a_line_is_planned_read_and_ended(api):
    aoi = party(api.project, "Aoi")
    made = _line(api, party_id=aoi.pk, channel="visit", rule="FREQ=WEEKLY")
    body = made.json()
    assert (made.status_code, body["party_id"], body["channel"], body["rule"]) == (
        201,
        aoi.pk,
        "visit",
        "FREQ=WEEKLY",
    )
    assert made["Location"] == f"/api/v1/plan/{body['id']}"
    steps = api("GET", f"plan-steps?line_id={body['id']}").json()["items"]
    assert len(steps) == 14 and {one["state"] for one in steps} == {"open"}
    assert [one["id"] for one in api("GET", f"plan?party_id={aoi.pk}").json()["items"]] == [body["id"]]
    assert api("POST", f"plan/{body['id']}/end").json()["ended_at"]
    assert api("POST", f"plan/{body['id']}/end").status_code == 409
    assert api("GET", "plan?ended=false").json()["items"] == []
    assert api("GET", f"plan-steps?line_id={body['id']}").json()["items"] == []


def test_a_line_is_about_one_party_or_one_tag(api):
    tag = create_tag(SYSTEM, name="Harbour")
    assert _line(api, tag_id=tag.pk).json()["tag_id"] == tag.pk
    wrong = _line(api)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "party_id")
    assert _line(api, tag_id=tag.pk, rule="FREQ=WEEKLY", starts_on="9999-12-31").status_code in {201, 422}
    refused = _line(api, tag_id=tag.pk, rule="FREQ=SOMETIMES")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "rule")


def test_a_time_is_done_by_a_conversation_left_out_and_opened_again(api):
    aoi = party(api.project, "Aoi")
    line = _line(api, party_id=aoi.pk).json()
    [step] = api("GET", f"plan-steps?line_id={line['id']}&state=open").json()["items"]
    talk = log_interaction(
        manager(api.project), channel="visit", occurred_at=clock.now(), project_ids=[api.project.pk],
        subject="At the gate", participants=[ParticipantDraft(party_id=aoi.pk)],
    )  # fmt: skip
    path = f"plan-steps/{step['id']}"
    done = api("POST", f"{path}/done", {"interaction_id": talk.pk}).json()
    assert (done["state"], done["interaction_id"]) == ("done", talk.pk)
    assert api("POST", f"{path}/done", {}).status_code == 409
    assert api("POST", f"{path}/reopen").json()["state"] == "open"
    tomorrow = str(clock.today() + dt.timedelta(days=1))
    assert api("POST", f"{path}/done", {"done_on": tomorrow}).json()["errors"][0]["field"] == "done_on"
    left = api("POST", f"{path}/leave-out", {"note": "On holiday"}).json()
    assert (left["state"], left["note"]) == ("left", "On holiday")
    assert api("GET", "plan-steps?state=open").json()["items"] == []


def test_a_file_given_is_written_down_and_taken_back(api):
    aoi = party(api.project, "Aoi")
    file = add_file(SYSTEM, project=api.project, name="survey.txt", data=b"one")
    add_version(SYSTEM, file, data=b"two")
    made = api("POST", "handouts", {"file_id": file.pk, "party_id": aoi.pk, "how": "handed"})
    body = made.json()
    assert (made.status_code, body["file_id"], body["version"], body["party_id"]) == (201, file.pk, 2, aoi.pk)
    old = api("POST", "handouts", {"file_id": file.pk, "version": 1, "how": "published"}).json()
    assert (old["version"], old["party_id"]) == (1, None)
    assert api("POST", "handouts", {"file_id": file.pk, "version": 9, "how": "published"}).status_code == 422
    assert api("POST", "handouts", {"file_id": file.pk, "how": "sent"}).status_code == 422
    again = api("POST", "handouts", {"file_id": file.pk, "party_id": aoi.pk, "how": "handed"})
    assert again.status_code == 409
    first = api("GET", "handouts?limit=1").json()
    assert [one["id"] for one in first["items"]] == [old["id"]]
    rest = api("GET", f"handouts?limit=1&cursor={first['next']}").json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([body["id"]], None)
    assert api("DELETE", f"handouts/{body['id']}").status_code == 204
    assert api("GET", f"handouts/{body['id']}").status_code == 404


def test_a_layer_is_put_on_the_map_renamed_and_taken_off(api):
    sent = {"project_id": api.project.pk, "name": "Site", "geojson": SITE}
    made = api("POST", "layers", sent)
    body = made.json()
    assert (made.status_code, body["west"], body["north"], body["shown"]) == (201, 139, 36, True)
    assert body["geojson"]["features"][0]["geometry"] == SITE
    assert api("POST", "layers", sent).json()["errors"][0]["field"] == "name"
    wrong = api("POST", "layers", {**sent, "name": "B", "geojson": {"type": "Nothing"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "geojson")
    path = f"layers/{body['id']}"
    assert api("PATCH", path, {"name": "Site boundary", "shown": False}).json()["shown"] is False
    assert [one["name"] for one in api("GET", "layers").json()["items"]] == ["Site boundary"]
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404


def test_an_address_is_put_on_the_map_and_off(api):
    aoi = party(api.project, "Aoi")
    point = save_point(
        SYSTEM, aoi, PointDraft("address", "", parts={"street": "1 Cliff Road", "city": "Skerby"})
    )
    mail = save_point(SYSTEM, aoi, PointDraft("email", "aoi@tanaka.example"))
    assert point is not None and mail is not None
    path = f"parties/{aoi.pk}/points/{point.pk}/position"
    placed = api("PUT", path, {"latitude": 35.5, "longitude": 139.25}).json()
    assert (placed["latitude"], placed["longitude"], placed["place_source"]) == (35.5, 139.25, "hand")
    assert api("PUT", path, {"latitude": 135.5, "longitude": 139.25}).status_code == 422
    refused = api("PUT", f"parties/{aoi.pk}/points/{mail.pk}/position", {"latitude": 1, "longitude": 1})
    assert refused.status_code == 422
    assert api("DELETE", path).status_code == 204
    [shown] = [one for one in api("GET", f"parties/{aoi.pk}").json()["points"] if one["kind"] == "address"]
    assert (shown["latitude"], shown["place_source"]) == (None, "unknown")


def test_what_is_confidential_or_elsewhere_leaves_no_trace(api):
    boss = api_in(api.project, clearance=Level.RESTRICTED)
    hidden = party(api.project, "Zymurgia", confidentiality=Level.CONFIDENTIAL)
    line = _line(boss, party_id=hidden.pk).json()
    file = add_file(SYSTEM, project=api.project, name="z.txt", data=b"z", confidentiality=Level.CONFIDENTIAL)
    given = boss("POST", "handouts", {"file_id": file.pk, "how": "published"}).json()
    layer = boss("POST", "layers", {"project_id": api.project.pk, "name": "Site", "geojson": SITE}).json()
    step = boss("GET", f"plan-steps?line_id={line['id']}").json()["items"][0]
    for address in ("plan", "plan-steps", "handouts"):
        assert api("GET", address).json()["items"] == []
    for one in (f"plan/{line['id']}", f"plan-steps/{step['id']}", f"handouts/{given['id']}"):
        assert api("GET", one).status_code == 404
    assert api("POST", f"plan/{line['id']}/end").status_code == 404
    stranger = api_in(project("Elsewhere"))
    assert stranger("GET", "layers").json()["items"] == []
    assert stranger("GET", f"layers/{layer['id']}").status_code == 404
    reader = api_in(api.project, codes=READ, clearance=Level.RESTRICTED)
    assert reader("GET", f"layers/{layer['id']}").status_code == 200
    assert reader("DELETE", f"layers/{layer['id']}").status_code == 403
    assert reader("POST", f"plan-steps/{step['id']}/leave-out", {}).status_code == 403
    assert reader("DELETE", f"handouts/{given['id']}").status_code == 403
