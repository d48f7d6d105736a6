"""The map as people use it: the page, its squares, the area that filters, places typed by hand."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contacts.editing import as_user
from contacts.test_places import address, living, place
from enishi.contacts.models import Party, SavedView, Town
from enishi.contacts.queries import tree
from enishi.contacts.services import save_view
from factories import READ, agent, outsider, project

pytestmark = pytest.mark.django_db
MAP = "/people/map/"


def with_leaf(field: str, cmp: str, value: str) -> str:
    return tree.encode(tree.Node("and", (tree.Leaf(field, cmp, [value]),)))


@pytest.fixture
def coast(here):
    """Two villages, one of them never spoken with, and somebody of another project in one of them."""
    made = {
        "near": living(here, "Near Neighbour", "Skerby", at=(55.505, -1.665)),
        "far": living(here, "Far Neighbour", "Upper Skerby", at=(55.6, -1.9)),
        "lost": living(here, "Lost Neighbour", "Long Wick"),
    }
    Party.objects.unscoped("test").filter(pk=made["near"].pk).update(last_contact_at="2999-01-01T00:00Z")
    living(project("Elsewhere"), "Hidden Neighbour", "Secret Bay", at=(55.505, -1.665))
    return made


def test_the_page_lists_towns_with_counts_that_open_the_list(client, coast):
    page = client.get(MAP)
    text = page.content.decode()
    assert "Where they are: 3" in text
    assert "1 has no place yet" in text
    assert "Secret Bay" not in text
    rows = {line["town"].name: line for line in page.context["towns"]}
    assert {
        name: (line["town"].people, line["town"].never, line["town"].recent) for name, line in rows.items()
    } == {
        "Skerby": (1, 0, 1),
        "Upper Skerby": (1, 1, 0),
        "Long Wick": (1, 1, 0),
    }
    opened = client.get(rows["Upper Skerby"]["url"])
    assert "Far Neighbour" in opened.content.decode()
    assert "Near Neighbour" not in opened.content.decode()


def test_squares_tell_only_what_the_reader_may_see(client, coast):
    found = client.get(f"{MAP}cells/", {"box": "-2,55,-1,56", "across": "24"}).json()["cells"]
    assert [(cell["n"], cell["town"], cell["words"], cell["tone"]) for cell in found] == [
        (1, "Upper Skerby", "Far Neighbour, never spoken with", "never"),
        (1, "Skerby", "Near Neighbour", "recent"),
    ]
    assert found[1]["url"] == reverse("contacts:party", args=[coast["near"].pk])
    assert as_user(outsider()).get(f"{MAP}cells/", {"box": "-2,55,-1,56"}).json() == {"cells": []}


@pytest.mark.parametrize("box", ["", "nan,nan,nan,nan", "1,2,3", "5,5,1,1", "a,b,c,d", "-1e400,0,1e400,1"])
def test_a_box_that_is_none_shows_the_whole_world(client, coast, box):
    assert len(client.get(f"{MAP}cells/", {"box": box, "across": "9" * 9}).json()["cells"]) >= 1


def test_an_area_filters_map_list_saved_view_and_export_alike(client, actor, coast):
    answer = client.get(f"{MAP}area/", {"km": "2", "around": "55.505, -1.665"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(MAP)
    page = client.get(answer["Location"])
    assert "Where they are: 1" in page.content.decode()
    assert "2 km around" in page.content.decode()
    assert page.context["map"]["areas"] == ["55.505,-1.665;2000"]
    there = client.get(page.context["state"].list_url)
    assert "Near Neighbour" in there.content.decode()
    assert "Far Neighbour" not in there.content.decode()
    spec = page.context["state"].spec
    saved = save_view(actor, None, spec=spec.as_json(), name="Two kilometres", shared=False, pinned=False)
    assert SavedView.objects.get() == saved
    kept = client.get("/people/", {"view": saved.pk}).content.decode()
    assert "Near Neighbour" in kept
    assert "Far Neighbour" not in kept
    sent = client.post("/people/export/", {"view": saved.pk, "all": "1", "format": "csv"})
    told = b"".join(sent.streaming_content) if sent.streaming else sent.content
    assert b"Near Neighbour" in told
    assert b"Far Neighbour" not in told


def test_an_area_may_lead_straight_to_the_list_and_adds_to_the_filter(client, coast):
    square = "55.4,-1.8 55.4,-1.5 55.6,-1.5 55.6,-1.8"
    before = with_leaf("kind", "is", "person")
    answer = client.get(f"{MAP}area/", {"shape": square, "list": "1", "f": before})
    assert answer["Location"].startswith("/people/?")
    page = client.get(answer["Location"])
    leaves = page.context["state"].spec.filter.items
    assert [leaf.field for leaf in leaves] == ["kind", "area"]
    assert "Near Neighbour" in page.content.decode()


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"shape": "0,0 1,1"}, "at least three corners"),
        ({"shape": "0,0 1,1 0,1 1,0"}, "crosses itself"),
        ({"shape": "91,0 1,1 0,1"}, "between -90 and 90"),
        ({"shape": "1,-179 2,-179 2,179"}, "180°"),
        ({"shape": "<script>alert(1)</script>"}, "cannot be read"),
        ({"km": "2"}, "around which place"),
        ({"km": "x", "around": "1, 2"}, "how many kilometres"),
        ({"km": "5000", "around": "1, 2"}, "1 metre and 1,000"),
        ({}, "around which place"),
    ],
)
def test_a_bad_area_says_why_and_changes_nothing(client, coast, sent, says):
    page = client.get(f"{MAP}area/", sent, follow=True)
    assert says in page.content.decode()
    assert page.context["state"].spec.filter.items == ()


def test_a_damaged_area_in_an_address_is_told_in_words(client, coast):
    for address_of in (MAP, "/people/", f"{MAP}towns/"):
        page = client.get(address_of, {"f": with_leaf("area", "is", "nonsense")})
        assert page.status_code == 200
        assert "cannot be read" in page.content.decode()
    assert client.get(f"{MAP}cells/", {"f": with_leaf("area", "is", "nonsense")}).status_code == 422


def test_who_is_not_on_the_map_is_a_condition(client, coast):
    off = client.get("/people/", {"f": with_leaf("placed", "not", "")}).content.decode()
    assert "Lost Neighbour" in off
    assert "Near Neighbour" not in off


def test_a_place_is_typed_in_two_fields_or_pasted_into_one(client, coast):
    lost = coast["lost"]
    where = reverse("contacts:place", args=[lost.pk, address(lost).pk])
    assert client.get(where).status_code == 200
    bad = client.post(where, {"latitude": "91", "longitude": "0"})
    assert bad.status_code == 422
    assert "between -90 and 90" in bad.content.decode()
    assert "longitude as well" in client.post(where, {"latitude": "55.5"}).content.decode()
    assert client.post(where, {"latitude": "۵۵٫۵", "longitude": "1°40'W"}).status_code == 302
    assert place(lost) == (55.5, -1.666667, "hand")
    assert client.post(where, {"latitude": "55.1, -1.7", "longitude": ""}).status_code == 302
    assert place(lost) == (55.1, -1.7, "hand")
    page = client.get(reverse("contacts:party", args=[lost.pk])).content.decode()
    assert "?at=55.1,-1.7" in page
    assert client.post(where, {"remove": "1"}).status_code == 302
    assert place(lost) == (None, None, "unknown")


def test_a_town_is_put_on_the_map_once_for_all_its_addresses(client, here, coast):
    page = client.get(f"{MAP}towns/")
    line = page.context["towns"][0]
    assert (line["town"].name, line["town"].missing) == ("Long Wick", 1)
    form = client.get(line["put_url"])
    assert 'value="Long Wick"' in form.content.decode()
    sent = {"name": "Long Wick", "country": "GB", "latitude": "55.1", "longitude": "-1.7"}
    done = client.post(reverse("contacts:map_town"), sent, follow=True)
    assert "Long Wick is on the map, with 1 address." in done.content.decode()
    assert place(coast["lost"]) == (55.1, -1.7, "town")
    assert client.post(reverse("contacts:map_town"), {**sent, "latitude": "nan"}).status_code == 422
    assert Town.objects.count() == 1
    assert as_user(agent(here, codes=READ)).post(reverse("contacts:map_town"), sent).status_code == 403
