"""Ratings for programs."""

from __future__ import annotations

import pytest

from api.tokens import api_in
from engagement.world import day, judged, world
from enishi.engagement.models import Rating

pytestmark = pytest.mark.django_db


def test_ratings_are_listed_made_and_withdrawn(at):
    here = world()
    old = judged(here, here.aoi, 1, 1, back=20)
    api = api_in(here.project)
    sent = {
        "project_id": here.project.pk, "party_id": here.aoi.pk, "impact": 2, "interest": 5, "influence": 4, "position": -1,
        "reason": "Letter of protest", "rated_on": day(5).isoformat(),
    }  # fmt: skip
    made = api("POST", "ratings", sent)
    assert made.status_code == 201
    assert made.json() == {
        **sent, "id": made.json()["id"], "user_id": made.json()["user_id"], "confidentiality": 1,
        "created_at": made.json()["created_at"],
    }  # fmt: skip
    assert [one["id"] for one in api("GET", "ratings").json()["items"]] == [made.json()["id"], old.pk]
    assert [one["id"] for one in api("GET", f"ratings?on={day(6)}").json()["items"]] == [old.pk]
    first = api("GET", "ratings?limit=1").json()
    assert [one["id"] for one in api("GET", f"ratings?limit=1&cursor={first['next']}").json()["items"]] == [
        old.pk
    ]
    assert api("POST", "ratings", sent).status_code == 422
    assert api("DELETE", f"ratings/{made.json()['id']}").status_code == 204
    assert api("GET", f"ratings/{made.json()['id']}").status_code == 404
    assert Rating.objects.unscoped("test").filter(withdrawn_at__isnull=False).count() == 1


def test_strangers_know_no_ratings_by_the_api(at):
    here = world()
    made = judged(here, here.aoi, 1, 1)
    other = world()
    api = api_in(other.project)
    assert api("GET", "ratings").json()["items"] == []
    assert api("GET", f"ratings?project_id={here.project.pk}&party_id={here.aoi.pk}").json()["items"] == []
    assert api("GET", f"ratings/{made.pk}").status_code == 404
    assert api("DELETE", f"ratings/{made.pk}").status_code == 404
    body = {
        "project_id": here.project.pk,
        "party_id": here.aoi.pk,
        "impact": 2,
        "interest": 5,
        "influence": 4,
    }
    assert api("POST", "ratings", body).status_code == 404
    blind = api_in(here.project, codes=["contacts.view"])
    assert blind("GET", "ratings").status_code == 403
