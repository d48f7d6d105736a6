"""The rows of a table, one by one, in memory that does not grow with the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from . import spreadsheet
from .encoding import BROKEN
from .reasons import Reason, Unreadable, because
from .sniff import FileFacts, Kind

# No table has a cell of so many lines; what looks like one is a quotation mark that was never closed.
LINES_OF_A_CELL = 2_000


class Row(NamedTuple):
    """`number` as a spreadsheet shows it, `line` where it begins in the file. With a `problem` it must not be imported."""

    number: int
    cells: list[str]
    problem: Reason | None = None
    line: int = 0


def rows(path: Path, facts: FileFacts) -> Iterator[Row]:
    """The rows below the header, blank ones left out, each as wide as the header unless it has a problem."""
    if not facts.kind.is_table:
        raise Unreadable("not_a_table", kind=facts.kind)
    if facts.kind is Kind.XLSX:
        yield from _sheet_rows(path, facts)
        return
    try:
        with path.open(encoding=facts.encoding, errors="enishi-mark", newline="") as file:
            yield from _TextRows(file, facts)
    except OSError as error:
        raise Unreadable("missing") from error
    except UnicodeError as error:
        raise Unreadable("encoding", encoding=facts.encoding_label) from error


def _sheet_rows(path: Path, facts: FileFacts) -> Iterator[Row]:
    _names, _sheet, sheet = spreadsheet.open_sheet(path, facts.sheet)
    width = len(facts.headers)
    for number, cells in enumerate(sheet, start=1):
        if number < facts.data_from or not any(cells):
            continue
        fitted, problem = (cells, None) if len(cells) == width else _fit(cells, width, pad=True)
        yield Row(number, fitted, problem, number)


def _fit(cells: list[str], width: int, *, pad: bool) -> tuple[list[str], Reason | None]:
    if len(cells) > width:
        # A delimiter at the end of each line is one empty cell more, and harms nobody.
        if not any(cell.strip() for cell in cells[width:]):
            return cells[:width], None
        return cells, because("too_many", found=len(cells), expected=width)
    if pad:
        return cells + [""] * (width - len(cells)), None
    return cells, because("too_few", found=len(cells), expected=width)


class _TextRows:
    """csv.reader over lines that are watched: broken bytes, null characters, endless lines and unclosed quotes.

    csv.reader asks for another line inside a record only while a quotation mark is open. So the end of the file inside a
    record is an unclosed quote; the row that opened it is refused, and reading goes on with the line below it.
    """

    def __init__(self, file: IO[str], facts: FileFacts) -> None:
        self._facts = facts
        self._limit = facts.limits.line
        self._source: Iterator[str] = iter(lambda: file.readline(self._limit), "")
        self._record: list[str] = []
        self._ended = False
        self._cut = False

    def _lines(self) -> Iterator[str]:
        record = self._record
        for read in self._source:
            line = read if "\0" not in read else read.replace("\0", "")
            if len(read) >= self._limit and read[-1] not in "\r\n":
                self._drop_rest_of_line()
                self._cut = True
                line = line[:80] + "\n"
            record.append(line)
            if len(record) > LINES_OF_A_CELL:
                break
            yield line
        self._ended = True

    def _drop_rest_of_line(self) -> None:
        for piece in self._source:
            if len(piece) < self._limit or piece[-1] in "\r\n":
                return

    def __iter__(self) -> Iterator[Row]:
        facts, width = self._facts, len(self._facts.headers)
        record = self._record
        number = line = 0
        reader = self._reader()
        while True:
            number += 1
            record.clear()
            problem: Reason | None = None
            cells: list[str] | None = None
            try:
                cells = next(reader, None)
            except csv.Error:
                problem = because("long_cell", limit=facts.limits.cell)
            if cells is None and problem is None and not record:
                return
            begin, line = line + 1, line + len(record)
            if self._ended or problem or cells is None:
                if len(record) > 1 or self._ended:
                    problem = because("open_quote")
                cells = [record[0].rstrip("\r\n")]
                line = begin
                self._source = chain(record[1:], self._source)
                reader = self._reader()
            elif not cells:
                continue
            if number < facts.data_from:
                continue
            if self._cut:
                self._cut, problem = False, because("long_line", limit=self._limit)
            elif problem is None:
                if len(cells) != width:
                    cells, problem = _fit(cells, width, pad=facts.pads_short_rows)
                for text in record:
                    if BROKEN in text:
                        cells = [cell.replace(BROKEN, "\ufffd") for cell in cells]
                        problem = because("bytes", encoding=facts.encoding_label)
                        break
            if problem is None and not any(cells):
                continue
            yield Row(number, cells, problem, begin)

    def _reader(self) -> Iterator[list[str]]:
        self._ended = False
        return csv.reader(self._lines(), delimiter=self._facts.delimiter, quotechar=self._facts.quote)
