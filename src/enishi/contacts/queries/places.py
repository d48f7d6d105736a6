"""Where the people of a list are: how many stand in each square of a map, which towns have how many."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Aggregate, Avg, Count, F, Max, Min, Q, QuerySet
from django.db.models.functions import Floor

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries import lists, protected, tree
from enishi.contacts.queries.colours import Colouring, Shade
from enishi.contacts.queries.lists import ListSpec, Total
from enishi.contacts.queries.positions import CITY, COUNTRY, Box, addresses, in_box, placed
from enishi.core import clock

ACROSS = 24
"""So many squares a map is wide at most."""
MOST_TOWNS = 200
SILENT_DAYS = 60
_FINEST = 1e-6


class _Commonest(Aggregate):
    template = "mode() WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True)
class Cell:
    """One square of a map: how many people, how many of them were never or long not spoken with, and who if it is one."""

    latitude: float
    longitude: float
    people: int
    never: int
    recent: int
    town: str
    party_id: int | None = None
    name: str = ""
    shade: Shade | None = None
    shades: Mapping[int, int] = field(default_factory=dict)
    """Where the map is coloured by something else: the colour of the square, and how many there are of each."""

    @property
    def tone(self) -> str:
        """Spoken with lately, at least once, or never, by most of them; or the look of its shade."""
        if self.shade is not None:
            return self.shade.tone
        if 2 * self.recent >= self.people:
            return "recent"
        return "never" if 2 * self.never >= self.people else "silent"


def _figures(now: dt.datetime) -> dict[str, Any]:
    lately = now - dt.timedelta(days=SILENT_DAYS)
    return {
        "people": Count("party", distinct=True),
        "never": Count("party", distinct=True, filter=Q(party__last_contact_at__isnull=True)),
        "recent": Count("party", distinct=True, filter=Q(party__last_contact_at__gte=lately)),
    }


def _of_list(actor: Actor, spec: ListSpec, found: QuerySet[ContactPoint]) -> Any:
    return found.filter(
        protected.seen_points(actor), party__in=lists.matching_parties(actor, spec).values("pk")
    )


def cells(
    actor: Actor, spec: ListSpec, box: Box, *, across: int = ACROSS, colouring: Colouring | None = None
) -> list[Cell]:
    """Everybody of a list who is in the box, by squares: the answer is as small for a million as for ten."""
    west, south, east, _north = box
    size = max((east - west) / min(max(across, 4), ACROSS), _FINEST)
    inside = _of_list(actor, spec, placed().filter(in_box(box))).annotate(
        column=Floor((F("longitude") - west) / size), row=Floor((F("latitude") - south) / size)
    )
    square = ("column", "row")
    by = square if colouring is None else (*square, "held")
    rows = (
        (inside if colouring is None else inside.annotate(held=colouring.value))
        .values(*by)
        .annotate(
            lat=Avg("latitude"),
            lng=Avg("longitude"),
            one=Min("party"),
            town=_Commonest(CITY),
            **_figures(clock.now()),
        )
        .order_by("-people", "column", "row")
    )
    found = list(rows) if colouring is None else _together(list(rows), square, colouring)
    alone = [row["one"] for row in found if row["people"] == 1]
    names = dict(Party.objects.visible_to(actor).filter(pk__in=alone).values_list("pk", "full_name"))
    return [
        Cell(
            latitude=row["lat"],
            longitude=row["lng"],
            people=row["people"],
            never=row["never"],
            recent=row["recent"],
            town=row["town"] or "",
            party_id=row["one"] if row["people"] == 1 else None,
            name=names.get(row["one"], "") if row["people"] == 1 else "",
            shade=colouring.leading(row["shades"]) if colouring else None,
            shades=row.get("shades", {}),
        )
        for row in found
    ]


_SUMS = ("people", "never", "recent")


def _together(
    rows: list[dict[str, Any]], square: tuple[str, ...], colouring: Colouring
) -> list[dict[str, Any]]:
    """The rows of one square for each value, biggest first, as one row with how many there are of each shade."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        shade, people = colouring.shade_of(row["held"]), row["people"]
        one = found.setdefault(
            tuple(row[name] for name in square), {**row, "shades": {}, **dict.fromkeys(_SUMS, 0)}
        )
        for name in ("lat", "lng"):
            one[name] = (one[name] * one["people"] + row[name] * people) / (one["people"] + people)
        for name in _SUMS:
            one[name] += row[name]
        one["shades"][shade] = one["shades"].get(shade, 0) + people
    return sorted(found.values(), key=lambda row: (-row["people"], *(row[name] for name in square)))


def shades_of_towns(
    actor: Actor, spec: ListSpec, colouring: Colouring
) -> dict[tuple[str, str], dict[int, int]]:
    """How many people of a list there are of each shade, by town and country."""
    rows = (
        _of_list(actor, spec, addresses())
        .annotate(city=CITY, country=COUNTRY, held=colouring.value)
        .values("city", "country", "held")
        .annotate(people=Count("party", distinct=True))
        .order_by()
    )
    found: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for row in rows:
        of_town, shade = found[row["city"] or "", row["country"] or ""], colouring.shade_of(row["held"])
        of_town[shade] = of_town.get(shade, 0) + row["people"]
    return found


def extent(actor: Actor, spec: ListSpec) -> Box | None:
    """The box that holds everybody of a list who has a place."""
    found = _of_list(actor, spec, placed()).aggregate(
        west=Min("longitude"), south=Min("latitude"), east=Max("longitude"), north=Max("latitude")
    )
    if found["west"] is None:
        return None
    return found["west"], found["south"], found["east"], found["north"]


@dataclass(frozen=True)
class TownLine:
    """The people of a list in one town, and how many of their addresses have a place."""

    name: str
    country: str
    people: int
    never: int
    recent: int
    placed: int
    addresses: int
    latitude: float | None
    longitude: float | None

    @property
    def missing(self) -> int:
        return self.addresses - self.placed


def towns(
    actor: Actor, spec: ListSpec, *, missing: bool = False, limit: int = MOST_TOWNS
) -> tuple[list[TownLine], bool]:
    """The towns of a list, most people first, and whether there are more; ``missing``: those with addresses off the map."""
    rows = (
        _of_list(actor, spec, addresses())
        .annotate(city=CITY, country=COUNTRY)
        .values("city", "country")
        .annotate(
            placed=Count("pk", filter=Q(latitude__isnull=False)),
            all=Count("pk"),
            lat=Avg("latitude"),
            lng=Avg("longitude"),
            **_figures(clock.now()),
        )
        .order_by("-people", "country", "city")
    )
    if missing:
        rows = rows.filter(all__gt=F("placed"))
    found = [
        TownLine(
            name=row["city"] or "",
            country=row["country"] or "",
            people=row["people"],
            never=row["never"],
            recent=row["recent"],
            placed=row["placed"],
            addresses=row["all"],
            latitude=row["lat"],
            longitude=row["lng"],
        )
        for row in rows[: limit + 1]
    ]
    return found[:limit], len(found) > limit


def unplaced(actor: Actor, spec: ListSpec) -> Total:
    """How many of a list stand nowhere on the map."""
    return lists.total(actor, off_the_map(spec))


def off_the_map(spec: ListSpec) -> ListSpec:
    return replace(spec, filter=also(spec.filter, tree.Leaf("placed", "not")))


def also(node: tree.Node, leaf: tree.Leaf) -> tree.Node:
    """The filter with one more condition that must hold."""
    return tree.Node("and", (*node.items, leaf)) if node.op == "and" else tree.Node("and", (node, leaf))
