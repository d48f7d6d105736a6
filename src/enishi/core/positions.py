"""Places on the earth: degrees as people write them, and areas of corners or of a distance around a point.

Everything is WGS 84 in decimal degrees. An area is checked before it is used: it has a size, its line does not cross
itself, and it lies on one side of the 180° line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from enishi.core.formats import counted
from enishi.core.text import ascii_digits

EARTH_M = 6_371_008.8
"""Mean radius (IUGG)."""
MOST_CORNERS = 100
SMALLEST_M, WIDEST_M = 1.0, 1_000_000.0
DECIMALS = 6

Point = tuple[float, float]
"""Latitude, longitude."""


def _number(value: float) -> str:
    return counted(value)


class PositionError(ValueError):
    """A position or an area that cannot be used; the text says why and what to do."""


_NUMBER = r"[+-]?\d+(?:[.,٫]\d+)?"
_DEGREES = re.compile(
    rf"^(?P<before>[NSEWO])?\s*(?P<d>{_NUMBER})\s*(?:°|º|度|d)?\s*"
    r"(?:(?P<m>\d+(?:[.,٫]\d+)?)\s*['′’分]\s*)?"
    r"(?:(?P<s>\d+(?:[.,٫]\d+)?)\s*(?:\"|″|”|''|秒)\s*)?(?P<after>[NSEWO])?$",
    re.IGNORECASE,
)
_SIDES = {"latitude": "NS", "longitude": "EWO"}
_WORDS = (("北緯", "N"), ("南緯", "S"), ("東経", "E"), ("西経", "W"))


def read_degrees(typed: str, axis: str) -> float:
    """Degrees as typed: ``35.68``, ``35,68``, ``35°40'52"N``, ``۳۵٫۶۸``. Raises PositionError. ``axis``: latitude or longitude."""
    written = ascii_digits(typed).strip().replace("−", "-")
    for word, side in _WORDS:
        written = written.replace(word, side)
    found = _DEGREES.match(written)
    if found is None:
        raise PositionError(
            _("“%(typed)s” is not a number of degrees. Write it like 35.681 or 35°40'52\"N.")
            % {"typed": typed[:40]}
        )
    degrees, minutes, seconds = (
        float((found[part] or "0").replace(",", ".").replace("٫", ".")) for part in "dms"
    )
    if minutes >= 60 or seconds >= 60:
        raise PositionError(_("Minutes and seconds of a degree go up to 59. Check what was typed."))
    side = (found["before"] or found["after"] or "").upper()
    if side and (side not in _SIDES[axis] or (found["before"] and found["after"])):
        raise PositionError(
            _("North or south belongs to the latitude, east or west to the longitude. Check the letter.")
        )
    value = math.copysign(
        abs(degrees) + minutes / 60 + seconds / 3600, -1 if found["d"].startswith("-") else 1
    )
    value = -value if side in {"S", "W", "O"} else value
    return in_range(value, axis)


def in_range(value: float, axis: str) -> float:
    """The value rounded to about a decimetre; raises PositionError outside the earth."""
    most = 90 if axis == "latitude" else 180
    if not math.isfinite(value) or abs(value) > most:
        if axis == "latitude":
            raise PositionError(
                _("A latitude lies between -90 and 90. Perhaps latitude and longitude are exchanged.")
            )
        raise PositionError(_("A longitude lies between -180 and 180."))
    return round(value, DECIMALS)


def read_pair(typed: str) -> Point | None:
    """Latitude and longitude pasted together, as maps give them: ``35.681, 139.767``; None when it is not a pair."""
    parts = [part for part in re.split(r"[;،、\s]+|,\s+", ascii_digits(typed).strip()) if part]
    if len(parts) == 1 and typed.count(",") == 1 and "." in typed:
        parts = ascii_digits(typed).strip().split(",")
    if len(parts) != 2:
        return None
    return read_degrees(parts[0], "latitude"), read_degrees(parts[1], "longitude")


@dataclass(frozen=True)
class Area:
    """A polygon of ``corners``, or what lies within ``radius`` metres of its one corner."""

    corners: tuple[Point, ...]
    radius: float | None = None

    def __str__(self) -> str:
        """The way an address writes it; ``read_area`` reads it."""
        told = " ".join(f"{lat},{lng}" for lat, lng in self.corners)
        return told if self.radius is None else f"{told};{self.radius:g}"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        if self.radius is not None:
            (lat, lng), reach = self.corners[0], math.degrees(self.radius / EARTH_M)
            wide = reach / max(math.cos(math.radians(min(abs(lat) + reach, 89.9))), 1e-6)
            return lng - wide, lat - reach, lng + wide, lat + reach
        lats, lngs = [lat for lat, _lng in self.corners], [lng for _lat, lng in self.corners]
        return min(lngs), min(lats), max(lngs), max(lats)

    @property
    def words(self) -> str:
        if self.radius is None:
            return _("%(n)s corners drawn on the map") % {"n": _number(len(self.corners))}
        lat, lng = self.corners[0]
        return _("%(distance)s around %(place)s") % {
            "distance": distance_words(self.radius),
            "place": f"\u2066{lat:.4f}, {lng:.4f}\u2069",
        }


def distance_words(metres: float) -> str:
    if metres >= 1000:
        return _("%(n)s km") % {"n": _number(int(km) if (km := round(metres / 1000, 1)).is_integer() else km)}
    return _("%(n)s m") % {"n": _number(round(metres))}


def read_area(written: str) -> Area:
    """An area from an address or a form: ``lat,lng lat,lng lat,lng…`` or ``lat,lng;metres``. Raises PositionError."""
    told = ascii_digits(written).strip()
    body, semicolon, reach = told.partition(";")
    corners = [_corner(part) for part in body.split()[: MOST_CORNERS + 2]]
    if semicolon:
        if len(corners) != 1:
            raise PositionError(_("A distance is measured from one point. Draw the circle again."))
        return _checked(Area((corners[0],), _metres(reach)))
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    check_ring(corners, most=MOST_CORNERS)
    return _checked(Area(tuple(corners)))


def _corner(part: str) -> Point:
    lat, comma, lng = part.partition(",")
    try:
        return in_range(float(lat), "latitude"), in_range(float(lng if comma else ""), "longitude")
    except PositionError:
        raise
    except ValueError:
        raise PositionError(
            _(
                "This area cannot be read. Draw it on the map, or write it like 35.1,139.2;2000 (metres around a point)."
            )
        ) from None


def _metres(typed: str) -> float:
    try:
        metres = float(typed)
    except ValueError:
        metres = math.nan
    if not SMALLEST_M <= metres <= WIDEST_M:
        raise PositionError(_("The distance around a point is between 1 metre and 1,000 kilometres."))
    return round(metres, 1)


def _checked(area: Area) -> Area:
    west, south, east, north = area.box
    if west < -180 or east > 180 or (area.radius is None and east - west > 180):
        raise PositionError(
            _("This area crosses the 180° line. Draw two areas, one on each side, and join them with “or”.")
        )
    if south < -90 or north > 90:
        raise PositionError(_("This area reaches over a pole. Draw a smaller one."))
    return area


def check_ring(corners: Sequence[Point], *, most: int) -> None:
    """Raise PositionError for a line that is no area: too few or too many corners, no size, crossing itself."""
    if len(corners) > most:
        raise PositionError(
            _("An area has at most %(n)s corners. Draw it more simply.") % {"n": _number(most)}
        )
    if len(set(corners)) < 3:
        raise PositionError(_("An area needs at least three corners."))
    if crosses_itself(corners):
        raise PositionError(_("The line of this area crosses itself. Draw it again without a crossing."))


def crosses_itself(corners: Sequence[Point]) -> bool:
    """Whether two sides of the closed line meet elsewhere than at a shared corner; by a sweep along the longitude."""
    count = len(corners)
    sides = sorted(
        (min(a[1], b[1]), max(a[1], b[1]), index, a, b)
        for index, (a, b) in enumerate(zip(corners, [*corners[1:], corners[0]], strict=True))
        if a != b
    )
    open_sides: list[tuple[float, int, Point, Point]] = []
    for start, end, index, a, b in sides:
        open_sides = [side for side in open_sides if side[0] >= start]
        for _end, other, c, d in open_sides:
            if (index - other) % count in (1, count - 1):
                if _doubles_back(a, b, c, d):
                    return True
            elif _meet(a, b, c, d):
                return True
        open_sides.append((end, index, a, b))
    return False


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on(a: Point, b: Point, p: Point) -> bool:
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    one, two, three, four = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if one * two < 0 and three * four < 0:
        return True
    return (
        (one == 0 and _on(a, b, c))
        or (two == 0 and _on(a, b, d))
        or (three == 0 and _on(c, d, a))
        or (four == 0 and _on(c, d, b))
    )


def _doubles_back(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Two sides that share a corner and run back over each other."""
    shared = next(iter({a, b} & {c, d}), None)
    if shared is None:
        return False
    far, near = (b if a == shared else a), (d if c == shared else c)
    if _turn(shared, far, near) != 0:
        return False
    return (far[0] - shared[0]) * (near[0] - shared[0]) + (far[1] - shared[1]) * (near[1] - shared[1]) > 0
