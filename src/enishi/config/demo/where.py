"""Where the demo's people live: villages on the map, and in them houses along their streets."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterable

from enishi.config.demo import material
from enishi.config.demo.organisation import House
from enishi.contacts import signals
from enishi.contacts.models import ContactPoint, Town
from enishi.core import text
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
