import pytest

from api.tokens import api_in
from factories import READ, project

pytestmark = pytest.mark.django_db


def test_a_passage_is_marked_read_changed_and_unmarked(here):
    api = api_in(here.project)
    sent = {"interaction_id": here.talk.pk, "start": 0, "end": 24, "theme_ids": [here.night.pk], "feeling": 1}
    made = api("POST", "passages", sent)
    assert made.status_code == 201
    mark = made.json()
    assert (mark["quote"], mark["theme_ids"], mark["feeling"]) == (
        "The pumps run all night.",
        [here.night.pk],
        1,
    )
    listed = api("GET", f"passages?theme_id={here.noise.pk}&feeling=1").json()
    assert [one["id"] for one in listed["items"]] == [mark["id"]]
    assert api("GET", "passages?feeling=2").json()["items"] == []
    changed = api("PUT", f"passages/{mark['id']}", {"theme_ids": [here.health.pk]}).json()
    assert (changed["theme_ids"], changed["feeling"]) == ([here.health.pk], None)
    (row,) = api("GET", "themes/figures").json()["themes"]
    assert (row["path"], row["count"], row["before"]) == ("Health", 1, 0)
    assert api("DELETE", f"passages/{mark['id']}").status_code == 204
    assert api("GET", f"passages/{mark['id']}").status_code == 404


def test_the_list_goes_on_page_by_page(here):
    api = api_in(here.project)
    for span in ((0, 3), (4, 9), (10, 13)):
        sent = {"interaction_id": here.talk.pk, "start": span[0], "end": span[1], "feeling": 3}
        assert api("POST", "passages", sent).status_code == 201
    first = api("GET", "passages?limit=2").json()
    second = api("GET", f"passages?limit=2&cursor={first['next']}").json()
    assert [one["quote"] for one in first["items"] + second["items"]] == ["run", "pumps", "The"]
    assert second["next"] is None


def test_overall_is_said_and_taken_back(here):
    api = api_in(here.project)
    sent = {"interaction_id": here.talk.pk, "party_id": here.person.pk}
    assert api("PUT", "passages/overall", {**sent, "feeling": 2}).json()["feeling"] == 2
    assert api("PUT", "passages/overall", sent).status_code == 204
    assert api("PUT", "passages/overall", {**sent, "feeling": 9}).status_code == 422


def test_rights_hold_for_programs(here):
    sent = {"interaction_id": here.talk.pk, "start": 0, "end": 24, "feeling": 1}
    assert api_in(here.project, codes=READ)("POST", "passages", sent).status_code == 403
    stranger = api_in(project("Elsewhere"))
    assert stranger("POST", "passages", sent).status_code == 404
    assert stranger("GET", "themes/figures").json()["themes"] == []
    assert api_in(here.project)("POST", "passages", {**sent, "start": 900, "end": 901}).status_code == 422
    assert [one["path"] for one in stranger("GET", "themes").json()] == [
        "Health",
        "Noise",
        "Noise / At night",
    ]
