"""Rows that the database writes, salts and hashes itself: for registers of a hundred thousand rows.

What it writes is what ``sealing`` and ``queries.cells`` would have written, byte for byte: a check recomputes it in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SOURCE = "secret AS MATERIALIZED (SELECT gen_random_uuid()::text || gen_random_uuid()::text AS drawn)"
"""What the salts of one table are worked out from, first of its sources. It is drawn in the database and never leaves it."""
MOMENT = "to_char({0} AT TIME ZONE 'UTC', CASE WHEN date_part('microseconds', {0})::int %% 1000000 = 0 THEN 'YYYY-MM-DD\"T\"HH24:MI:SS' ELSE 'YYYY-MM-DD\"T\"HH24:MI:SS.US' END)"


@dataclass(frozen=True)
class Cell:
    """One cell as SQL: ``kept`` as it lies in the report, ``covered`` as the hash of its row covers it. Both are JSON texts."""

    kept: str
    covered: str


@dataclass(frozen=True)
class Lines:
    """A query for the rows of a table: ``sources`` stands after WITH, the rows come from ``rows``.

    Each row has a number ``n``, from 1 on, and an array ``people`` of the parties whom it names.
    """

    sources: str
    rows: str
    cells: Sequence[Cell]
    params: Sequence[Any]

    def parts(self, size: int) -> str:
        """Part by part: how many rows, their lines, their hashes, and whom they name."""
        return f"""{self._written()}
            SELECT count(*), string_agg({self._row("kept")}, E'\\n' ORDER BY n),
                string_agg(sha256('\\x00'::bytea || convert_to({self._row("covered")}, 'UTF8')), ''::bytea ORDER BY n),
                string_agg(array_to_string(people, ','), ',')
            FROM written GROUP BY (n - 1) / {size} ORDER BY (n - 1) / {size}"""  # noqa: S608

    def first(self, limit: int) -> str:
        """The lines of the first rows."""
        return f"{self._written()} SELECT {self._row('kept')} FROM written WHERE n <= {limit} ORDER BY n"  # noqa: S608

    def _written(self) -> str:
        """The rows with their cells, each written once."""
        cells = [
            f"{text} AS {side}_{place}"
            for place, cell in enumerate(self.cells)
            for side, text in (("kept", cell.kept), ("covered", cell.covered))
            if side == "kept" or cell.covered != cell.kept
        ]
        # OFFSET keeps the planner from writing a cell wherever it is read.
        return f"""WITH {self.sources}, written AS (
            SELECT n, people, {", ".join(cells)} FROM {self.rows} OFFSET 0
        )"""  # noqa: S608

    def _row(self, side: str) -> str:
        names = [
            f"{side if cell.covered != cell.kept else 'kept'}_{place}"
            for place, cell in enumerate(self.cells)
        ]
        return "'[' || " + " || ',' || ".join(names) + " || ']'"


def salt(what: str, column: str) -> str:
    """Twenty-four hexadecimal digits that nobody can guess, another for each ``what`` with that number."""
    drawn = f"(SELECT drawn FROM secret) || '{what}' || {column}::text"  # noqa: S608
    return f"left(encode(sha256(convert_to({drawn}, 'UTF8')), 'hex'), 24)"


def commitment(text: str, salt: str) -> str:
    return f"encode(sha256(convert_to({salt} || {text}, 'UTF8')), 'hex')"


def plain(text: str) -> Cell:
    """A text, or nothing."""
    written = f"coalesce(to_json({text})::text, 'null')"
    return Cell(written, written)


def moment(column: str) -> Cell:
    return plain(f"({MOMENT.format(column)} || '+00:00')")
