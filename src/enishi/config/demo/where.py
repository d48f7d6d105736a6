"""Where the demo's people live: villages on the map, and in them houses along their streets."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterable

import orjson

from enishi.config.demo import material
from enishi.config.demo.organisation import House
from enishi.contacts import signals
from enishi.contacts.models import ContactPoint, Town
from enishi.core import text
from enishi.places.services import add_layer
from enishi.timeline.services import record

SPREAD = 0.011
"""Degrees: houses stand within about a kilometre of the middle of their village."""


@functools.cache
def _villages() -> dict[tuple[str, str], tuple[float, float]]:
    places = material.read("names")["place"].values()
    return {
        (place["country"], name): (at[0], at[1]) for place in places for name, *at in place["villages"] if at
    }


def put_villages(house: House) -> None:
    """Put the villages on the map that no gazetteer knows."""
    made = [
        Town(country=country, key=text.fold(name), name=name, latitude=lat, longitude=lng)
        for (country, name), (lat, lng) in _villages().items()
    ]
    for town in Town.objects.bulk_create(made):
        changes = {"latitude": (None, town.latitude), "longitude": (None, town.longitude)}
        record(house.system, signals.town_placed, subject=town, changes=changes)


def place(points: Iterable[ContactPoint]) -> None:
    """Give addresses their place: three in four by the house, the others where their village is."""
    known = _villages()
    for point in points:
        if point.kind != ContactPoint.Kind.ADDRESS:
            continue
        at = known.get((point.parts["country"], point.parts["city"]))
        if at is None:
            continue
        drawn = random.Random(point.value)  # noqa: S311 - a story, not a secret
        by_house = drawn.random() < 0.75
        aside = [drawn.gauss(0, SPREAD / 2) if by_house else 0.0 for _axis in at]
        point.latitude, point.longitude = round(at[0] + aside[0], 5), round(at[1] + 1.5 * aside[1], 5)
        point.place_source = ContactPoint.Place.HAND if by_house else ContactPoint.Place.TOWN


# What the projects draw on the map: name, name of each area, its corners (longitude, latitude).
LAYERS: dict[str, tuple[str, tuple[tuple[str, tuple[tuple[float, float], ...]], ...]]] = {
    "tidewall": (
        "Cable landing",
        (
            ("Cable corridor", ((-1.60, 55.56), (-1.50, 55.60), (-1.49, 55.585), (-1.60, 55.545))),
            ("Works area", ((-1.71, 55.552), (-1.655, 55.56), (-1.65, 55.535), (-1.70, 55.53))),
        ),
    ),
    "tidewall-east": (
        "風車と騒音の区域",
        (
            ("風車の区域", ((139.90, 40.78), (139.955, 40.79), (139.96, 40.73), (139.91, 40.72))),
            ("騒音調査の区域", ((139.97, 40.765), (140.03, 40.765), (140.03, 40.72), (139.975, 40.715))),
        ),
    ),
    "tidewall-harbour": (
        "Quai et accès",
        (
            ("Quai de chantier", ((-4.535, 48.60), (-4.505, 48.602), (-4.505, 48.59), (-4.535, 48.589))),
            ("Route des camions", ((-4.535, 48.589), (-4.505, 48.59), (-4.54, 48.55), (-4.57, 48.552))),
        ),
    ),
}


def draw_layers(house: House) -> None:
    """Bring one layer for each site, as somebody of the project would."""
    for code, (name, areas) in LAYERS.items():
        features = [
            {
                "type": "Feature",
                "properties": {"name": area},
                "geometry": {"type": "Polygon", "coordinates": [[*corners, corners[0]]]},
            }
            for area, corners in areas
        ]
        raw = orjson.dumps({"type": "FeatureCollection", "features": features})
        add_layer(house.system, project=house.projects[code], name=name, raw=raw)
