"""What a report would hold: how many rows, and the first of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from enishi.core.documents import Column
from enishi.core.documents.paper import Cell
from enishi.reports.framing import Definition, Enough, Frame
from enishi.reports.lines import Lines
from enishi.reports.queries.cells import plain_row
from enishi.reports.queries.past import as_it_stood

SHOWN = 8


@dataclass
class Preview:
    """The first rows of the first table. ``add`` and ``table`` make it a writer that soon has enough."""

    count: int
    columns: Sequence[Column] = ()
    rows: list[list[Cell]] = field(default_factory=list)

    def table(self, code: str, title: str, columns: Sequence[Column], *, note: str = "") -> Preview:
        if self.columns:
            raise Enough
        self.columns = columns
        return self

    def take(self, lines: Lines) -> None:
        kinds = [column.kind for column in self.columns]
        with connection.cursor() as cursor:
            cursor.execute(lines.first(SHOWN), lines.params)
            self.rows += [plain_row(json.loads(written), kinds) for (written,) in cursor.fetchall()]
        raise Enough

    def add(self, row: Sequence[Any]) -> None:
        self.rows.append(
            ["; ".join(text for text, _people in cell) if isinstance(cell, list) else cell for cell in row]
        )
        if len(self.rows) >= SHOWN:
            raise Enough


def preview(definition: Definition, frame: Frame) -> Preview:
    with as_it_stood(definition, frame):
        found = Preview(definition.count(frame))
        with suppress(Enough):
            definition.write(frame, found)
    return found
