"""What the people of the map can be coloured by besides the last contact: higher apps say so.

An app adds ways by ``provide("contacts.map_colour", app)``, whose answer is a ``Colours``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from enishi.accounts.access import Actor
from enishi.core import registry

PLACE = "contacts.map_colour"


@dataclass(frozen=True)
class Shade:
    """One colour: which values it stands for, its look, and a sign beside it for whoever tells no colours apart."""

    values: tuple[Any, ...]
    tone: str
    sign: str
    label: Any


@dataclass(frozen=True)
class Colouring:
    """What people are coloured by. ``value`` is an expression over their addresses (``party_id``).

    ``shades`` from the one that is looked for first to the last, which stands for everybody of whom nothing is known.
    """

    code: str
    label: str
    shades: Sequence[Shade]
    value: Any
    day: dt.date

    def shade_of(self, value: Any) -> int:
        """The number of the shade of a value."""
        last = len(self.shades) - 1
        return next((n for n, shade in enumerate(self.shades) if value in shade.values), last)

    def leading(self, people: Mapping[int, int]) -> Shade:
        """The shade of a square: the commonest of what is known; of equally many the first."""
        last = len(self.shades) - 1
        known = {n: count for n, count in people.items() if n != last}
        return self.shades[min(known, key=lambda n: (-known[n], n)) if known else last]


class Colours(Protocol):
    """Ways to colour the map that one app offers, within the reader's rights."""

    def choices(self, actor: Actor, project_id: int | None) -> Sequence[tuple[str, str]]: ...

    def find(self, actor: Actor, code: str, day: dt.date) -> Colouring | None: ...


def choices(actor: Actor, project_id: int | None) -> list[tuple[str, str]]:
    """Codes with what they are called, those of the chosen project only where one is chosen."""
    offered = [colours() for colours in registry.providers(PLACE).values()]
    return [choice for one in offered for choice in one.choices(actor, project_id)]


def find(actor: Actor, code: str, day: dt.date) -> Colouring | None:
    """A way to colour the map; None for one that is not there, or not for this reader."""
    if not code:
        return None
    offered = (colours().find(actor, code, day) for colours in registry.providers(PLACE).values())
    return next((one for one in offered if one is not None), None)
