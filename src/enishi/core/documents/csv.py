"""The rows of one table as CSV: UTF-8 with the mark by which Excel knows it, dates as ISO 8601."""

from __future__ import annotations

import csv
import datetime as dt
import io
from itertools import islice
from typing import IO

from enishi.core.documents.cells import guarded
from enishi.core.documents.paper import Cell, Document, Table

CHUNK = 1000


def write_csv(document: Document, table: Table, file: IO[bytes]) -> None:
    """Write one table, a thousand rows in memory at a time."""
    rows = iter(table.rows())
    file.write(b"\xef\xbb\xbf" + _lines([[column.header or column.label for column in table.columns]]))
    while some := list(islice(rows, CHUNK)):
        file.write(_lines([[_plain(cell, document.zone) for cell in row] for row in some]))


def _lines(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def _plain(value: Cell, zone: dt.tzinfo) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).isoformat(timespec="minutes")
    return guarded(value) if isinstance(value, str) else str(value)
