"""Cells as they are frozen, and as people read them again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from enishi.core.documents.paper import Cell
from enishi.reports import sealing


def frozen_row(row: Sequence[Any], salts: list[str]) -> sealing.Row:
    """A row as a definition gave it, made of JSON values; ``salts`` are used up from the end."""
    found: sealing.Row = []
    for cell in row:
        if isinstance(cell, list):
            found.append([[text, salts.pop(), list(people)] for text, people in cell])
        elif isinstance(cell, dt.datetime):
            found.append(cell.astimezone(dt.UTC).isoformat())
        elif isinstance(cell, dt.date):
            found.append(cell.isoformat())
        elif isinstance(cell, Decimal):
            found.append(str(cell))
        else:
            found.append(cell)
    return found


def named(row: Sequence[Any]) -> int:
    """How many values of a row name people."""
    return sum(len(cell) for cell in row if isinstance(cell, list))


def plain_row(row: sealing.Row, kinds: Sequence[str]) -> list[Cell]:
    """The values of a frozen row; what was sealed out says so."""
    return [_plain(cell, kind) for cell, kind in zip(row, kinds, strict=True)]


def _plain(cell: Any, kind: str) -> Cell:
    if isinstance(cell, list):
        return "; ".join(_("[erased]") if value[0] is None else value[0] for value in cell)
    if cell is None or not isinstance(cell, str):
        value: Cell = cell
        return value
    if kind == "moment":
        return dt.datetime.fromisoformat(cell)
    if kind == "amount":
        return Decimal(cell)
    return dt.date.fromisoformat(cell) if kind == "day" else cell
