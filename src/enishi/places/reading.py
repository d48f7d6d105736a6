"""Reading GeoJSON (RFC 7946) that somebody brings: nothing of it is believed.

Only names and coordinates are taken over. What cannot be used is told with the number and the name of the feature and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.utils.translation import gettext as _

from enishi.core import text
from enishi.core.positions import DECIMALS, PositionError, check_ring

MOST_BYTES = 2 * 1024 * 1024
MOST_SHAPES = 200
MOST_CORNERS = 20_000
_DEPTHS = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_NAMES = ("name", "Name", "NAME", "title", "label", "id")


class Unreadable(ValueError):
    """A file that cannot be taken over; the text says where and what to do."""


@dataclass
class Shapes:
    """What was read: shapes with their names, how many corners they have, and the box around them."""

    shapes: list[dict[str, Any]] = field(default_factory=list)
    corners: int = 0
    box: tuple[float, float, float, float] = (180.0, 90.0, -180.0, -90.0)


def read(raw: bytes) -> Shapes:
    """The shapes of a file; raises Unreadable."""
    if len(raw) > MOST_BYTES:
        raise Unreadable(_("The file is larger than 2 MB. Simplify its lines, or bring it in parts."))
    try:
        whole = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        raise Unreadable(
            _("This is no GeoJSON file. Export the layer as GeoJSON from your map program and bring that.")
        ) from None
    if not isinstance(whole, dict):
        raise Unreadable(_("This is no GeoJSON file: it holds no feature."))
    _check_system(whole)
    found = Shapes()
    for number, (name, geometry) in enumerate(_features(whole), 1):
        if number > MOST_SHAPES:
            raise Unreadable(
                _("The file has more than %(n)s features. Bring it in parts.") % {"n": MOST_SHAPES}
            )
        _take(found, geometry, name, number)
    if not found.shapes:
        raise Unreadable(_("The file holds no feature with a shape."))
    return found


def _check_system(whole: dict[str, Any]) -> None:
    told = str(whole.get("crs") or "")
    if told and "CRS84" not in told and "4326" not in told:
        raise Unreadable(
            _("The file uses another coordinate system. Export it as WGS 84 (EPSG:4326), in degrees.")
        )


def _features(whole: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = whole.get("type")
    if kind == "FeatureCollection":
        features = whole.get("features")
        if not isinstance(features, list):
            raise Unreadable(_("This is no GeoJSON file: it holds no feature."))
        for feature in features:
            yield _feature(feature)
    elif kind == "Feature":
        yield _feature(whole)
    else:
        yield "", whole


def _feature(feature: Any) -> tuple[str, Any]:
    if not isinstance(feature, dict):
        return "", None
    about = feature.get("properties")
    about = about if isinstance(about, dict) else {}
    name = next(
        (about[key] for key in _NAMES if isinstance(about.get(key), str | int) and about[key] != ""), ""
    )
    return text.strip_bidi(text.clean(str(name))).strip()[:100], feature.get("geometry")


def _take(found: Shapes, geometry: Any, name: str, number: int) -> None:
    where = _("Feature %(number)s") % {"number": number} + (f" (“{name}”)" if name else "")
    if geometry is None:
        return
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        raise Unreadable(
            _("%(where)s is a collection of shapes. Save its shapes as features of their own.")
            % {"where": where}
        )
    if kind not in _DEPTHS:
        raise Unreadable(_("%(where)s has no shape that can be drawn.") % {"where": where})
    try:
        coordinates = _coordinates(found, geometry.get("coordinates"), _DEPTHS[kind])
        if kind in {"Polygon", "MultiPolygon"}:
            parts = [coordinates] if kind == "Polygon" else coordinates
            if not parts:
                raise PositionError(_("An area needs at least three corners."))
            for part in parts:
                _check_polygon(part)
        elif kind != "Point" and not coordinates:
            raise PositionError(_("It has no coordinates."))
    except PositionError as error:
        raise Unreadable(f"{where}: {error}") from None
    found.shapes.append({"name": name, "type": kind, "coordinates": coordinates})


def _coordinates(found: Shapes, value: Any, depth: int) -> list[Any]:
    if not isinstance(value, list):
        raise PositionError(_("Its coordinates cannot be read."))
    if depth:
        return [_coordinates(found, part, depth - 1) for part in value]
    if not 2 <= len(value) <= 4 or not all(
        isinstance(n, int | float) and not isinstance(n, bool) for n in value
    ):
        raise PositionError(_("Its coordinates cannot be read."))
    # A third number is the height; nothing here asks for it.
    lng, lat = float(value[0]), float(value[1])
    if not (-180 <= lng <= 180 and -90 <= lat <= 90):
        raise PositionError(
            _("%(lng)s, %(lat)s is not on earth. Export the layer as WGS 84 (EPSG:4326), longitude first.")
            % {"lng": f"{lng:.6g}", "lat": f"{lat:.6g}"}
        )
    found.corners += 1
    if found.corners > MOST_CORNERS:
        raise PositionError(
            _("The file has more than %(n)s corners. Simplify its lines.") % {"n": MOST_CORNERS}
        )
    west, south, east, north = found.box
    found.box = (min(west, lng), min(south, lat), max(east, lng), max(north, lat))
    return [round(lng, DECIMALS), round(lat, DECIMALS)]


def _check_polygon(rings: list[list[list[float]]]) -> None:
    if not rings:
        raise PositionError(_("An area needs at least three corners."))
    for ring in rings:
        if ring and ring[0] != ring[-1]:
            ring.append(ring[0])
        corners = [(lat, lng) for lng, lat in ring[:-1]]
        # The same corner twice in a row is no side.
        corners = [corner for index, corner in enumerate(corners) if corner != corners[index - 1]]
        check_ring(corners, most=MOST_CORNERS)
        sides = [lng for _lat, lng in corners]
        if max(sides) - min(sides) > 180:
            raise PositionError(
                _("This area crosses the 180° line. Cut it there into two, as GeoJSON asks for.")
            )
