"""XLSX through calamine, after the parts were looked at as plain zip members."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from .reasons import Unreadable

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_REFERENCE = re.compile(rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]{1,3})(\d{1,7})"')
_FORMULA_WITHOUT_VALUE = re.compile(rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_BLOCK = 1024 * 1024
_OVERLAP = 4096


def inspect(opened: zipfile.ZipFile, cell_limit: int, column_limit: int) -> bool:
    """Refuse what calamine would die of; returns whether there are formulas without a calculated value.

    calamine lays a sheet out as a full rectangle, so two cells in opposite corners of a sheet of 2 kB would take
    17 thousand million places.
    """
    uncalculated = False
    try:
        for name in opened.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            with opened.open(name) as part:
                if b"<!DOCTYPE" in part.read(1024) or b"<!ENTITY" in part.read(1024):
                    raise Unreadable("doctype", part=name)
            if _SHEET.fullmatch(name):
                uncalculated |= _inspect_sheet(opened, name, cell_limit, column_limit)
    except Unreadable:
        raise
    # A broken member raises whatever its compression method raises.
    except Exception as error:
        raise Unreadable("damaged", detail=str(error)) from error
    return uncalculated


def _inspect_sheet(opened: zipfile.ZipFile, name: str, cell_limit: int, column_limit: int) -> bool:
    left, right, top, bottom, cells = 16_384, 0, 1 << 21, 0, 0
    columns: dict[bytes, int] = {}
    uncalculated = False
    rest = b""
    with opened.open(name) as part:
        while block := part.read(_BLOCK):
            text = rest + block
            for letters, digits in _REFERENCE.findall(text):
                column = columns.get(letters) or columns.setdefault(letters, _column_number(letters))
                row = int(digits)
                left, right = min(left, column), max(right, column)
                top, bottom = min(top, row), max(bottom, row)
                cells += 1
            uncalculated = uncalculated or _FORMULA_WITHOUT_VALUE.search(text) is not None
            # What is counted twice in the overlap changes no extreme.
            rest = text[-_OVERLAP:]
    if right > column_limit and right - left + 1 > column_limit:
        raise Unreadable("too_many_columns", count=right - left + 1, limit=column_limit)
    area = (right - left + 1) * (bottom - top + 1) if cells else 0
    if area > cell_limit:
        raise Unreadable("too_many_cells", sheet=Path(name).stem, cells=area, limit=cell_limit)
    return uncalculated


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def open_sheet(path: Path, chosen: str = "") -> tuple[tuple[str, ...], str, SheetRows]:
    """Names of all sheets, name and rows of the chosen one, or of the first that holds two rows (else one)."""
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        names = tuple(meta.name for meta in workbook.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet)
        if chosen and chosen not in names:
            raise Unreadable("unknown_sheet", sheet=chosen, sheets=", ".join(names))
        fallback: tuple[str, SheetRows] | None = None
        for name in (chosen,) if chosen else names:
            rows = SheetRows(workbook.get_sheet_by_name(name))
            if len(rows) > 1:
                return names, name, rows
            if len(rows) and fallback is None:
                fallback = name, rows
    except Unreadable:
        raise
    except PasswordError as error:
        raise Unreadable("encrypted") from error
    # A panic of the Rust library is a BaseException; a stranger's file must not end the process.
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        raise Unreadable("damaged", detail=str(error)[:200]) from error
    if fallback is None:
        raise Unreadable("no_sheet")
    return names, *fallback


class SheetRows(Sequence[list[str]]):
    """The rows of a sheet as text, row 1 first, blank columns at the left left out as calamine does."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._sheet = sheet

    def __len__(self) -> int:
        return self._sheet.total_height

    def __iter__(self) -> Iterator[list[str]]:
        for row in self._sheet.iter_rows():
            yield [cell if isinstance(cell, str) else text_of(cell) for cell in row]

    @overload
    def __getitem__(self, index: int) -> list[str]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[str]]: ...
    def __getitem__(self, index: int | slice) -> list[str] | list[list[str]]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        rows: list[list[str]] = []
        for row in self:
            if index.stop is not None and len(rows) >= index.stop:
                break
            rows.append(row)
        return rows[index]


def text_of(value: Any) -> str:
    """A typed cell as the text a person would type: dates in ISO form, whole numbers without a point."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)
