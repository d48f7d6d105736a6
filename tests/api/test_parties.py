"""Parties and relations through the API."""

from __future__ import annotations

import pytest

from api.tokens import api_in
from enishi.accounts.access import Level
from enishi.contacts import services
from enishi.timeline.models import Entry
from factories import SYSTEM, party, project

pytestmark = pytest.mark.django_db


def _make(api, **values):
    return api("POST", "parties", {"full_name": "橘 葵", "project_ids": [api.project.pk], **values})


def test_a_party_is_created_read_changed_and_binned(api):
    made = _make(
        api, points=[{"kind": "phone", "typed": "090-1234-5678"}], country="JP", tags=["Media / Press"]
    )
    assert made.status_code == 201
    body = made.json()
    assert made["Location"] == f"/api/v1/parties/{body['id']}"
    assert body["points"][0]["value"] == "+819012345678"
    assert body["points"][0]["typed"] == "090-1234-5678"
    assert body["tags"] == ["Media / Press"]
    path = f"parties/{body['id']}"
    read = api("GET", path)
    assert read.json() == body
    assert api("GET", path, If_None_Match=read["ETag"]).status_code == 304
    changed = api("PATCH", path, {"note": "Prefers letters"}, If_Match=read["ETag"])
    assert changed.json()["note"] == "Prefers letters"
    assert changed.json()["full_name"] == "橘 葵"
    stale = api("PATCH", path, {"note": "Mine"}, If_Match=read["ETag"])
    assert (stale.status_code, stale["Content-Type"]) == (412, "application/problem+json")
    assert stale["ETag"] == changed["ETag"]
    assert api("DELETE", path).status_code == 204
    assert api("GET", "parties").json()["items"] == []
    assert api("POST", f"{path}/restore").json()["deleted_at"] is None


def test_the_history_names_the_token_as_the_way(api):
    made = _make(api).json()
    entry = Entry.objects.unscoped("test").get(event="contacts.party_created", subject_id=made["id"])
    assert entry.via == "api"


def test_a_repeated_request_does_nothing_twice(api):
    first = _make_with_key(api, "k-1")
    again = _make_with_key(api, "k-1")
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert len(api("GET", "parties").json()["items"]) == 1
    other = api(
        "POST", "parties", {"full_name": "Else", "project_ids": [api.project.pk]}, Idempotency_Key="k-1"
    )
    assert other.status_code == 422


def _make_with_key(api, key):
    return api(
        "POST", "parties", {"full_name": "橘 葵", "project_ids": [api.project.pk]}, Idempotency_Key=key
    )


def test_pages_follow_by_cursor(api):
    for number in range(7):
        party(api.project, f"Person {number}")
    first = api("GET", "parties?limit=3").json()
    second = api("GET", f"parties?limit=3&cursor={first['next']}").json()
    third = api("GET", f"parties?limit=3&cursor={second['next']}").json()
    names = [item["full_name"] for page in (first, second, third) for item in page["items"]]
    assert names == [f"Person {number}" for number in range(7)]
    assert third["next"] is None


def test_filters_and_search_words(api):
    party(api.project, "橘 葵")
    party(api.project, "Ben Okafor", kind="organisation")
    assert [p["full_name"] for p in api("GET", "parties?q=%E6%A9%98").json()["items"]] == ["橘 葵"]
    assert [p["full_name"] for p in api("GET", "parties?kind=organisation").json()["items"]] == ["Ben Okafor"]
    wrong = api("GET", 'parties?filter={"field":"salary"}')
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "filter")


def test_what_cannot_be_used_is_named(api):
    answer = _make(api, points=[{"kind": "email", "typed": "nobody"}])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "email"
    assert _make(api, full_name="a\x00b").status_code == 422
    assert _make(api, project_ids=[]).status_code == 422
    assert _make(api, fields={"nothing": 1}).json()["errors"][0]["field"] == "fields.nothing"


def test_nothing_of_another_project_shows(api):
    elsewhere = project()
    hidden = party(elsewhere, "Hidden")
    secret = party(api.project, "Secret", confidentiality=Level.CONFIDENTIAL)
    for made in (hidden, secret):
        assert api("GET", f"parties/{made.pk}").status_code == 404
        assert api("PATCH", f"parties/{made.pk}", {"note": "x"}).status_code == 404
        assert api("DELETE", f"parties/{made.pk}").status_code == 404
    assert api("GET", "parties").json()["items"] == []
    assert _make(api, project_ids=[elsewhere.pk]).status_code == 403


def test_relations_both_ways_and_only_between_visible_parties(api):
    person, firm = party(api.project, "Person"), party(api.project, "Firm", kind="organisation")
    hidden = party(project(), "Hidden", kind="organisation")
    made = api(
        "POST",
        "relations",
        {"type": "works-for", "source_id": person.pk, "target_id": firm.pk, "title": "Welder"},
    )
    assert made.status_code == 201
    assert api("GET", f"parties/{firm.pk}/relations").json() == [made.json()]
    ended = api("PATCH", f"relations/{made.json()['id']}", {"valid_until": "2026-01-31"})
    assert (ended.json()["valid_until"], ended.json()["title"]) == ("2026-01-31", "Welder")
    assert (
        api(
            "POST", "relations", {"type": "works-for", "source_id": person.pk, "target_id": hidden.pk}
        ).status_code
        == 404
    )
    services.relate(SYSTEM, person, hidden, kind=services_type("works-for"))
    assert len(api("GET", f"parties/{person.pk}/relations").json()) == 1


def services_type(code):
    from enishi.contacts.models import RelationType

    return RelationType.objects.get(code=code)


def test_a_missing_right_is_403_and_no_token_401(api):
    reader = api_in(api.project, codes=["contacts.view"])
    made = party(api.project, "Seen")
    assert reader("GET", f"parties/{made.pk}").status_code == 200
    assert reader("PATCH", f"parties/{made.pk}", {"note": "x"}).status_code == 403
    reader.secret = "wrong"
    answer = reader("GET", "parties")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_a_session_is_no_token(api, client):
    from factories import PASSWORD, user

    client.login(email=user().email, password=PASSWORD)
    assert client.get("/api/v1/parties").status_code == 401
