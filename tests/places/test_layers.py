"""Layers of a project: what is read of a file and what is refused, who sees them, who is inside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from contacts.editing import as_user
from contacts.test_places import living
from enishi.accounts.access import Forbidden, Level
from enishi.contacts.queries import tree
from enishi.contacts.queries.filters import FilterError
from enishi.contacts.queries.lists import ListSpec, matching_parties
from enishi.places import queries
from enishi.places.models import Layer
from enishi.places.reading import Unreadable, read
from enishi.places.services import PlacesError, add_layer, change_layer, remove_layer, restore_layer
from enishi.timeline.models import Entry
from factories import READ, SYSTEM, agent, manager, outsider, project

pytestmark = pytest.mark.django_db
SQUARE = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
HOLE = [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [1.0, 1.0]]


def geojson(*shapes: tuple[str, str, Any]) -> bytes:
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": kind, "coordinates": at}}
        for name, kind, at in shapes
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


SITE = geojson(
    ("Site", "Polygon", [SQUARE, HOLE]), ("Road", "LineString", [[5, 5], [6, 6]]), ("Gate", "Point", [5, 5])
)


@pytest.fixture
def where():
    return project("Tidewall East")


def people_in(actor, value: str, cmp: str = "is") -> set[str]:
    spec = ListSpec(filter=tree.Node("and", (tree.Leaf("zone", cmp, [value]),)))
    return set(matching_parties(actor, spec).values_list("full_name", flat=True))


def test_names_and_coordinates_are_taken_over_and_nothing_else():
    raw = json.dumps(
        {
            "type": "Feature",
            "bbox": "<script>",
            "properties": {"name": "<script>alert(1)</script>", "owner": "Secret Person"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[0, 0, 12], [4, 0, 12], [4, 4.12345678, 12]]],
                "evil": 1,
            },
        }
    )
    found = read(raw.encode())
    assert found.shapes == [
        {
            "name": "<script>alert(1)</script>",
            "type": "Polygon",
            "coordinates": [[[0.0, 0.0], [4.0, 0.0], [4.0, 4.123457], [0, 0]]],
        }
    ]
    assert found.corners == 3
    assert found.box == (0.0, 0.0, 4.0, 4.12345678)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no GeoJSON"),
        (b"PK\x03\x04", "no GeoJSON"),
        (b"[1, 2]", "no GeoJSON"),
        (b"[" * 5000, "no GeoJSON"),
        (b'{"type": "FeatureCollection"}', "no feature"),
        (b'{"type": "FeatureCollection", "features": []}', "no feature"),
        (b'{"type": "Feature", "geometry": null}', "no feature"),
        (b'{"type": "Topology", "objects": {}}', "no shape"),
        (b'{"type": "Point", "coordinates": [NaN, 1]}', "no GeoJSON"),
        (b'{"type": "Point", "coordinates": ["1", "2"]}', "cannot be read"),
        (b'{"type": "Point", "coordinates": [true, 2]}', "cannot be read"),
        (b'{"type": "Point", "coordinates": [1]}', "cannot be read"),
        (b'{"type": "Point", "coordinates": {"x": 1}}', "cannot be read"),
        (b'{"type": "Point", "coordinates": [139767.2, 35681.1]}', "not on earth"),
        (b'{"type": "Point", "coordinates": [1e400, 1]}', "no GeoJSON|not on earth"),
        (b'{"type": "Polygon", "coordinates": []}', "three corners"),
        (b'{"type": "Polygon", "coordinates": [[[0,0],[1,1],[0,0]]]}', "three corners"),
        (b'{"type": "Polygon", "coordinates": [[[0,0],[1,1],[0,1],[1,0],[0,0]]]}', "crosses itself"),
        (b'{"type": "Polygon", "coordinates": [[[179,0],[-179,0],[-179,1],[179,0]]]}', "180"),
        (b'{"type": "LineString", "coordinates": []}', "no coordinates"),
        (b'{"type": "GeometryCollection", "geometries": []}', "collection of shapes"),
        (b'{"type": "Feature", "properties": {"name": "Bay"}, "geometry": {"type": "Curve", "coordinates": []}}', "Feature 1 .“Bay”. has no shape"),
        (b'{"type": "Point", "coordinates": [1, 2], "crs": {"properties": {"name": "EPSG:2450"}}}', "another coordinate system"),
        (b" " * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_the_remedy(raw: bytes, says: str):
    with pytest.raises(Unreadable, match=says):
        read(raw)


def test_too_many_features_and_corners_are_refused():
    with pytest.raises(Unreadable, match="more than 200 features"):
        read(geojson(*[("", "Point", [1, 2])] * 201))
    with pytest.raises(Unreadable, match="more than 20000 corners"):
        read(geojson(("", "MultiPoint", [[n / 1000, 1] for n in range(20_001)])))


def test_a_large_clean_boundary_is_checked_quickly():
    import math

    ring = [[math.cos(n / 10_000 * math.tau), math.sin(n / 10_000 * math.tau)] for n in range(10_000)]
    assert read(geojson(("Coast", "Polygon", [[*ring, ring[0]]]))).corners == 10_001


def test_a_layer_is_told_hidden_removed_and_put_back(where):
    boss = manager(where)
    layer = add_layer(boss, project=where, name="  Site \u202eboundary ", raw=SITE)
    assert layer.name == "Site boundary"
    assert (layer.west, layer.south, layer.east, layer.north) == (0, 0, 6, 6)
    change_layer(boss, layer, shown=False)
    remove_layer(boss, layer)
    assert list(queries.layers(boss, where.pk)) == []
    add_layer(boss, project=where, name="Site boundary", raw=SITE)
    with pytest.raises(PlacesError, match="already"):
        restore_layer(boss, layer)
    told = (
        Entry.objects.unscoped("test").filter(subject_type="places.layer", subject_id=layer.pk).order_by("id")
    )
    assert [entry.event for entry in told] == [
        "places.layer_added",
        "places.layer_changed",
        "places.layer_removed",
    ]
    with pytest.raises(PlacesError, match="already"):
        add_layer(boss, project=where, name="Site boundary", raw=SITE)
    with pytest.raises(PlacesError, match="Give the layer a name"):
        add_layer(boss, project=where, name="  ", raw=SITE)


def test_the_database_keeps_layers_on_earth(where):
    layer = add_layer(SYSTEM, project=where, name="Site", raw=SITE)
    for values in ({"east": 181}, {"south": 7}, {"name": ""}, {"north": float("nan")}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Layer.objects.unscoped("test").filter(pk=layer.pk).update(**values)


def test_only_who_works_in_the_project_sees_or_changes_its_layers(where):
    layer = add_layer(SYSTEM, project=where, name="Site", raw=SITE)
    reader, stranger = agent(where, codes=READ), outsider()
    assert [one.name for one in queries.layers(reader)] == ["Site"]
    assert list(queries.layers(stranger)) == []
    with pytest.raises(Layer.DoesNotExist):
        queries.layer(stranger, layer.pk)
    for change in (remove_layer, restore_layer):
        with pytest.raises(Forbidden):
            change(reader, layer)
    with pytest.raises(Forbidden):
        add_layer(reader, project=where, name="Mine", raw=SITE)
    Layer.objects.unscoped("test").update(confidentiality=Level.RESTRICTED)
    assert list(queries.layers(reader)) == []
    assert queries.zones(reader) == []


def test_an_area_of_a_layer_filters_people_without_its_holes(where):
    boss = manager(where)
    layer = add_layer(boss, project=where, name="Site", raw=SITE)
    living(where, "Inside", "A", at=(0.5, 3.0))
    living(where, "In the hole", "A", at=(1.5, 1.5))
    living(where, "Outside", "A", at=(5.0, 5.0))
    living(project("Elsewhere"), "Hidden", "A", at=(0.5, 3.0))
    assert queries.zones(boss) == [(str(layer.pk), "Tidewall East: Site")]
    assert people_in(boss, str(layer.pk)) == {"Inside"}
    assert people_in(boss, f"{layer.pk}:0") == {"Inside"}
    assert people_in(boss, str(layer.pk), "not") == {"In the hole", "Outside"}
    for value in (f"{layer.pk}:1", "999999", "x", "9" * 30, ""):
        with pytest.raises(FilterError):
            people_in(boss, value)
    with pytest.raises(FilterError, match="not there any more"):
        people_in(outsider(), str(layer.pk))
    remove_layer(boss, layer)
    with pytest.raises(FilterError, match="not there any more"):
        people_in(boss, str(layer.pk))


def test_several_areas_are_offered_by_name(where):
    boss = manager(where)
    apart = [[[10.0 + lng, lat] for lng, lat in ring] for ring in [SQUARE]]
    layer = add_layer(
        boss,
        project=where,
        name="Zones",
        raw=geojson(("West", "Polygon", [SQUARE]), ("East", "MultiPolygon", [apart])),
    )
    living(where, "In the east", "A", at=(1.0, 11.0))
    living(where, "In the west", "A", at=(1.0, 1.0))
    assert [label for _value, label in queries.zones(boss)] == [
        "Tidewall East: Zones", "Tidewall East: Zones / West", "Tidewall East: Zones / East"
    ]  # fmt: skip
    assert people_in(boss, str(layer.pk)) == {"In the east", "In the west"}
    assert people_in(boss, f"{layer.pk}:1") == {"In the east"}


def test_the_page_takes_a_file_shows_the_layer_and_takes_it_off(where):
    client = as_user(manager(where))
    page = reverse("places:project", args=[where.pk])
    assert "No layers yet" in client.get(page).content.decode()
    bad = client.post(
        page,
        {
            "name": "Site",
            "file": SimpleUploadedFile(
                "a.geojson", b'{"type": "Polygon", "coordinates": [[[0,0],[1,1],[0,0]]]}'
            ),
        },
    )
    assert bad.status_code == 422
    assert "Feature 1: An area needs at least three corners." in bad.content.decode()
    evil = geojson(("<script>alert(1)</script>", "Polygon", [SQUARE]))
    sent = {"name": "<b>Site</b>", "file": SimpleUploadedFile("../../a.geojson", evil)}
    done = client.post(page, sent, follow=True)
    text = done.content.decode()
    assert "&lt;b&gt;Site&lt;/b&gt;" in text
    assert "<b>Site" not in text
    layer = Layer.objects.unscoped("test").get()
    shapes = client.get(reverse("places:shapes", args=[layer.pk]))
    assert shapes["Content-Type"] == "application/geo+json"
    assert shapes["X-Content-Type-Options"] == "nosniff"
    assert shapes.json()["features"][0]["properties"] == {"name": "<script>alert(1)</script>"}
    assert [one["label"] for one in client.get("/people/map/").context["map"]["layers"]] == [
        "Tidewall East: <b>Site</b>"
    ]
    client.post(reverse("places:show", args=[layer.pk]))
    assert client.get("/people/map/").context["map"]["layers"] == []
    client.post(reverse("places:show", args=[layer.pk]), {"shown": "1"})
    client.post(reverse("places:remove", args=[layer.pk]))
    assert client.get(reverse("places:shapes", args=[layer.pk])).status_code == 404
    client.post(reverse("places:restore", args=[layer.pk]))
    assert client.get(reverse("places:shapes", args=[layer.pk])).status_code == 200


def test_a_file_that_is_too_large_is_not_read(where):
    client = as_user(manager(where))
    large = SimpleUploadedFile("a.geojson", b" " * (2 * 1024 * 1024 + 1))
    answer = client.post(reverse("places:project", args=[where.pk]), {"name": "Site", "file": large})
    assert answer.status_code == 422
    assert "larger than 2 MB" in answer.content.decode()
