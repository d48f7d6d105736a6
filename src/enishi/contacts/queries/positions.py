"""Which addresses lie where: conditions on their position, answered by its index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT

from enishi.contacts.models import ContactPoint
from enishi.core import clock
from enishi.core.positions import EARTH_M, Area, Point

CITY, COUNTRY = KT("parts__city"), KT("parts__country")
Box = tuple[float, float, float, float]
"""West, south, east, north."""


class _In(Func):
    """That an address lies in a ``polygon`` or ``box``, as PostgreSQL writes them; its index serves it."""

    output_field = BooleanField()
    shape = "polygon"

    def __init__(self, literal: str) -> None:
        super().__init__(F("longitude"), F("latitude"))
        self.literal = literal

    def as_sql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        lng, lat = (compiler.compile(one)[0] for one in self.source_expressions)
        return f"point({lng}, {lat}) <@ %s::{self.shape}", [self.literal]


class _InBox(_In):
    shape = "box"


class _Near(Func):
    """That an address lies within a distance in metres, over the great circle (haversine)."""

    output_field = BooleanField()

    def __init__(self, lat: float, lng: float, metres: float) -> None:
        super().__init__(F("longitude"), F("latitude"))
        self.around = (lat, lng, metres)

    def as_sql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        lng, lat = (compiler.compile(one)[0] for one in self.source_expressions)
        here, there, metres = self.around
        sql = (
            f"(power(sin(radians({lat} - %s) / 2), 2) + cos(radians(%s)) * cos(radians({lat}))"
            f" * power(sin(radians({lng} - %s) / 2), 2)) <= %s"
        )
        return sql, [here, here, there, math.sin(metres / (2 * EARTH_M)) ** 2]


def addresses() -> QuerySet[ContactPoint]:
    """Postal addresses that still hold."""
    return ContactPoint.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=clock.today()), kind=ContactPoint.Kind.ADDRESS
    ).exclude(status=ContactPoint.Status.WRONG)


def placed() -> QuerySet[ContactPoint]:
    return addresses().filter(latitude__isnull=False)


def ring(corners: Sequence[Point]) -> str:
    """Corners as PostgreSQL writes a polygon: longitude first."""
    return "(" + ",".join(f"({lng!r},{lat!r})" for lat, lng in corners) + ")"


def in_box(box: Box) -> Any:
    west, south, east, north = box
    return _InBox(f"(({east!r},{north!r}),({west!r},{south!r}))")


def in_ring(corners: Sequence[Point]) -> Any:
    return _In(ring(corners))


def within(area: Area) -> QuerySet[ContactPoint]:
    """The placed addresses in an area."""
    if area.radius is None:
        return placed().filter(in_ring(area.corners))
    (lat, lng), metres = area.corners[0], area.radius
    return placed().filter(in_box(area.box)).filter(_Near(lat, lng, metres))


def having(found: QuerySet[ContactPoint]) -> Q:
    """Parties with one of these addresses."""
    return Q(Exists(found.filter(party=OuterRef("pk"))))


def of_town(names: Sequence[str]) -> QuerySet[ContactPoint]:
    return addresses().alias(city=CITY).filter(city__in=names)
