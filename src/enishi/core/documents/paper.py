"""What a document is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Cell = str | int | float | Decimal | dt.date | dt.datetime | None
Kind = Literal["text", "number", "amount", "day", "moment"]
NUMBERS: frozenset[Kind] = frozenset({"number", "amount"})
"""What stands at the end of its column; an amount is exact."""


@dataclass(frozen=True)
class Column:
    """``share`` is the width beside the others; ``header`` names it in data files where that must not be translated."""

    code: str
    label: str
    kind: Kind = "text"
    share: float = 1
    header: str = ""


@dataclass(frozen=True)
class Table:
    """``rows`` gives them anew at each call, in the order of ``columns``; ``total`` is how many there are."""

    code: str
    title: str
    columns: Sequence[Column]
    rows: Callable[[], Iterable[Sequence[Cell]]]
    total: int
    note: str = ""


@dataclass(frozen=True)
class Figure:
    value: str
    label: str


@dataclass(frozen=True)
class Bar:
    """``value`` is None where the number is not shown; ``text`` is what is read; ``url`` opens its rows, on screens only."""

    label: str
    value: float | None
    text: str
    url: str = ""


@dataclass(frozen=True)
class Chart:
    """One description for the screen and for paper.

    ``over_time``: its bars follow each other, the last is now. ``whole``: what a full bar stands for, else the longest one.
    """

    title: str
    bars: Sequence[Bar]
    over_time: bool = False
    whole: float = 0

    @property
    def top(self) -> float:
        """What the bars are drawn against."""
        return self.whole or max((bar.value or 0 for bar in self.bars), default=0) or 1


@dataclass(frozen=True)
class Document:
    """A paper with its tables. ``made_at`` is the only moment written into the file."""

    title: str
    subtitle: str
    language: str
    zone: dt.tzinfo
    made_at: dt.datetime
    author: str = ""
    figures: Sequence[Figure] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = field(default=())

    @property
    def right_to_left(self) -> bool:
        return self.language.partition("-")[0] in {"fa", "ar", "he", "ur"}
