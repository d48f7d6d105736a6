"""The shape of a table of text: delimiter, quotes, header row, decimal mark."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .reasons import Reason, because

CELL_LIMIT = 131_072  # the limit of Python's csv module, which is one for the whole process
SAMPLE_CHARACTERS = 256 * 1024
SAMPLE_ROWS = 500
DELIMITERS = ",;\t|"
HEADER_WITHIN = 40
LINES_OF_A_CUT_ROW = 50


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows count from 1; a `header_row` of 0 means that there is none."""

    header_row: int
    data_from: int
    headers: tuple[str, ...]
    width: int
    pads_short_rows: bool


class Sampled(NamedTuple):
    rows: list[list[str]]
    lines: int


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def parse(text: str, delimiter: str, quote: str, *, whole: bool = True, limit: int = SAMPLE_ROWS) -> Sampled:
    """The first rows of a text, blank ones included, and how many lines they took.

    A line whose quotation mark is never closed is one row of one cell. Of a text that was cut off, the row in which
    the cut falls is left out.
    """
    # str.splitlines would also break at form feeds and other characters that stand inside cells.
    lines = _LINE.findall(text)
    rows: list[list[str]] = []
    at = 0
    while at < len(lines) and len(rows) < limit:
        closed, at = _read_until_open_quote(lines, at, rows, delimiter=delimiter, quote=quote, limit=limit)
        if closed:
            break
        if not whole and len(lines) - at < LINES_OF_A_CUT_ROW:
            return Sampled(rows, at)
        rows.append([lines[at].rstrip("\r\n")])
        at += 1
    if not whole and 1 < len(rows) < limit:
        rows.pop()
    return Sampled(rows, at)


def _read_until_open_quote(
    lines: list[str], at: int, rows: list[list[str]], *, delimiter: str, quote: str, limit: int
) -> tuple[bool, int]:
    source = iter(lines[at:])
    reader = csv.reader(source, delimiter=delimiter, quotechar=quote)
    begin = at
    try:
        for row in reader:
            if at + reader.line_num == len(lines) and _is_open(lines[begin:], delimiter, quote):
                return False, begin
            rows.append(row)
            begin = at + reader.line_num
            if len(rows) >= limit:
                break
    except csv.Error:
        return False, begin
    return True, begin


def _is_open(record: list[str], delimiter: str, quote: str) -> bool:
    try:
        list(csv.reader(record, delimiter=delimiter, quotechar=quote, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def find_delimiter(text: str, chosen: str = "") -> tuple[str, str, bool]:
    """Delimiter, quote character, and whether the first line is Excel's `sep=`."""
    named = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    if named:
        return chosen or named[1], '"', True
    quote = _find_quote(text)
    if chosen:
        return chosen, quote, False
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter, quote)), quote, False


def _find_quote(text: str) -> str:
    ends = r"(?:^|[,;\t|])%s[^%s\r\n]*%s(?=[,;\t|\r\n]|$)"
    single = len(re.findall(ends % ("'", "'", "'"), text[:20_000], re.MULTILINE))
    double = len(re.findall(ends % ('"', '"', '"'), text[:20_000], re.MULTILINE))
    return "'" if single > 2 and not double else '"'


def _evenness(text: str, delimiter: str, quote: str) -> float:
    """How regular the rows become: the share of rows of the commonest width, times how much that width explains."""
    widths = [
        len(row)
        for row in parse(text[:65_536], delimiter, quote, whole=len(text) <= 65_536, limit=200).rows
        if row
    ]
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return 0.0
    width, rows = max(counts.items(), key=lambda item: (item[1] * min(item[0], 8), item[0]))
    return rows / len(widths) * math.sqrt(min(width, 20))


_DATA = re.compile(r"[+(（]?[\d０-９۰-۹][\d０-９۰-۹\s().,/:+ー－-]*")  # a number, a phone, a date


def find_header(rows: Sequence[Sequence[str]]) -> Shape:
    """The header is the first row as wide as the table whose cells are words; lines above it are a preamble."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    widths = Counter(len(row) for row, cells in zip(rows, filled, strict=True) if cells)
    if not widths:
        return Shape(0, 1, (), 0, False)
    usual = max(widths.items(), key=lambda item: (item[1] * min(item[0], 8), item[0]))[0]
    typical = sorted(filled[-50:])[len(filled[-50:]) // 2]
    for index, row in enumerate(rows[:HEADER_WITHIN]):
        # A header names nearly every column; a preamble line fills one or two.
        if filled[index] < max(1, min(usual, typical) * 0.6, 2 if usual > 1 else 1):
            continue
        if _is_data(row):
            return Shape(0, index + 1, (), usual, False)
        headers = tuple(cell.strip() for cell in row)
        while headers and not headers[-1]:
            headers = headers[:-1]
        width = max(len(headers), _data_width(rows[index + 1 :]))
        return Shape(index + 1, index + 2, headers, width, _ends_early(rows[index + 1 :], len(headers)))
    return Shape(0, 1, (), usual, False)


def _is_data(row: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    numbers = sum(bool(_DATA.fullmatch(cell)) for cell in cells)
    return numbers * 3 > len(cells) or any("@" in cell[1:-1] or "://" in cell for cell in cells)


def _data_width(rows: Iterable[Sequence[str]]) -> int:
    """Columns that most rows fill, named or not."""
    used = Counter(max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=0) for row in rows)
    total = sum(used.values())
    return max((width for width, count in used.items() if count * 2 > total), default=0)


def _ends_early(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Excel leaves out trailing delimiters of empty cells, for blocks of rows; a broken row is an exception."""
    lengths = [len(row) for row in rows if any(cell.strip() for cell in row)]
    short = sum(1 < length < width for length in lengths)
    return len(lengths) >= 4 and short * 5 >= len(lengths) and all(length > 1 for length in lengths)


def column_letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def name_columns(headers: Sequence[str], width: int) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """Unique, non-empty names: a column without one is called by its letter, a second “Name” is “Name (2)”."""
    names: list[str] = []
    warnings: list[Reason] = []
    taken = {header for header in headers if header}
    seen: set[str] = set()
    for index in range(max(width, len(headers))):
        header = " ".join(headers[index].split()) if index < len(headers) else ""
        if not header:
            name = column_letters(index)
            if headers:
                warnings.append(because("blank_header", column=name))
        elif header not in seen:
            name = header
        else:
            number = 2
            while f"{header} ({number})" in taken or f"{header} ({number})" in seen:
                number += 1
            name = f"{header} ({number})"
            warnings.append(because("duplicate_header", header=header, name=name))
        while name in seen:
            name += "_"
        seen.add(name)
        names.append(name)
    return tuple(names), tuple(warnings)


_COMMA_DECIMAL = re.compile(r"[-+]?(?:\d{1,3}(?:[.   ]\d{3})+|\d+),\d{1,2}(?:\s*[€%])?")
_POINT_DECIMAL = re.compile(r"[-+$]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d{1,2}(?:\s*%)?")


def find_decimal(rows: Iterable[Sequence[str]]) -> str:
    """“,” or “.” where the sample shows it, else nothing."""
    comma = point = 0
    for row in rows:
        for cell in row:
            comma += bool(_COMMA_DECIMAL.fullmatch(cell.strip()))
            point += bool(_POINT_DECIMAL.fullmatch(cell.strip()))
    return "," if comma > point else "." if point else ""
