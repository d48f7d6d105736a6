"""What a file is, before anything is read in earnest: its kind, and for tables the shape that `tables.rows` needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from . import archive, dialect, encoding, spreadsheet
from .reasons import Reason, Unreadable, because

MB = archive.MB


class Kind(StrEnum):
    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    VCARD = "vcard"
    MBOX = "mbox"
    EML = "eml"
    ZIP = "zip"

    @property
    def is_table(self) -> bool:
        return self in (Kind.CSV, Kind.TSV, Kind.XLSX)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask of the machine. Sizes in bytes, text in characters."""

    file_bytes: int = 512 * MB
    columns: int = 1_000
    cell: int = dialect.CELL_LIMIT
    line: int = 4 * MB
    sheet_cells: int = 6_000_000
    archive: archive.ArchiveLimits = field(default_factory=archive.ArchiveLimits)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What sniff found. `headers` are unique and never empty; rows count from 1 as a spreadsheet shows them."""

    kind: Kind
    limits: Limits
    encoding: str = ""
    encoding_label: str = ""
    encoding_found: Reason | None = None
    delimiter: str = ""
    quote: str = '"'
    header_row: int = 0
    data_from: int = 1
    headers: tuple[str, ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()
    approximate_rows: int = 0
    decimal: str = ""
    pads_short_rows: bool = False
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    warnings: tuple[Reason, ...] = ()


def sniff(
    path: Path,
    *,
    limits: Limits | None = None,
    chosen_encoding: str = "",
    chosen_delimiter: str = "",
    chosen_sheet: str = "",
) -> FileFacts:
    """Look at a file. Raises Unreadable if it cannot be imported at all; the `chosen_*` overrule what would be found."""
    limits = limits or Limits()
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8192)
    except OSError as error:
        raise Unreadable("missing") from error
    if not head:
        raise Unreadable("empty")
    if size > limits.file_bytes:
        raise Unreadable("too_large", size=size // MB, limit=limits.file_bytes // MB)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _look_into_zip(path, limits, chosen_sheet)
    _refuse_binary(head, path)
    found = encoding.chosen(chosen_encoding) if chosen_encoding else encoding.find_encoding(path)
    facts = FileFacts(Kind.CSV, limits, found.name, found.label, found.found)
    kind = _kind_of_text(head.decode(found.name, "replace"))
    if kind is not Kind.CSV:
        return replace(facts, kind=kind)
    return _look_at_text_table(path, facts, found, chosen_delimiter)


def _look_into_zip(path: Path, limits: Limits, chosen_sheet: str) -> FileFacts:
    with archive.open_archive(path, limits.archive) as opened:
        names = set(opened.namelist())
        if "xl/workbook.xml" not in names:
            other_format = {
                "xl/workbook.bin",
                "content.xml",
                "word/document.xml",
                "ppt/presentation.xml",
            } & names
            if other_format:
                raise Unreadable("old_spreadsheet")
            return FileFacts(Kind.ZIP, limits, approximate_rows=len(names))
        formulas_without_value = spreadsheet.inspect(opened, limits.sheet_cells, limits.columns)
    sheets, sheet, rows = spreadsheet.open_sheet(path, chosen_sheet)
    shape = dialect.find_header(rows[: dialect.SAMPLE_ROWS])
    facts = FileFacts(Kind.XLSX, limits, sheet=sheet, sheets=sheets)
    if formulas_without_value:
        facts = replace(facts, warnings=(because("formula_without_value"),))
    whole = len(rows) <= dialect.SAMPLE_ROWS
    return _with_shape(facts, shape, rows[: dialect.SAMPLE_ROWS], len(rows), whole=whole)


def _refuse_binary(head: bytes, path: Path) -> None:
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        with path.open("rb") as file:
            whole = file.read(16 * MB)
        if "EncryptedPackage".encode("utf-16-le") in whole:
            raise Unreadable("encrypted")
        is_workbook = "Workbook".encode("utf-16-le") in whole or "Book".encode("utf-16-le") in whole
        raise Unreadable("old_spreadsheet" if is_workbook else "binary")
    if re.match(
        rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|table|meta|head|body|\?xml)", head, re.IGNORECASE
    ):
        raise Unreadable("html")
    if head.startswith(
        (
            b"%PDF-",
            b"\x89PNG",
            b"\xff\xd8\xff",
            b"GIF8",
            b"\x1f\x8b",
            b"Rar!",
            b"7z\xbc\xaf",
            b"SQLite format 3",
        )
    ):
        raise Unreadable("binary")
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or encoding.utf16_without_bom(head):
        return
    controls = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    if controls * 50 > len(head):
        raise Unreadable("binary")


_CARD = re.compile(r"\ufeff?\s*(?:item\d+\.)?BEGIN\s*:\s*VCARD", re.IGNORECASE)
_MBOX = re.compile(r"\s*From \S+.*\d\d:\d\d.*\r?\n[!-9;-~]+:")
_HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?=[ \t\r\n])")
_MAIL_HEADERS = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "date",
        "subject",
        "received",
        "message-id",
        "return-path",
        "mime-version",
        "delivered-to",
        "in-reply-to",
        "references",
        "reply-to",
    ]
)


def _kind_of_text(head: str) -> Kind:
    if _CARD.match(head):
        return Kind.VCARD
    if _MBOX.match(head):
        return Kind.MBOX
    lines = head.lstrip("\ufeff\r\n").splitlines()[:40]
    names: set[str] = set()
    for line in lines:
        match = _HEADER_LINE.match(line)
        if match:
            names.add(match[1].lower())
        elif not line[:1].isspace():
            break
    return Kind.EML if len(names & _MAIL_HEADERS) >= 2 else Kind.CSV


def _look_at_text_table(
    path: Path, facts: FileFacts, found: encoding.Encoding, chosen_delimiter: str
) -> FileFacts:
    with path.open(encoding=found.name, errors="enishi-mark", newline="") as file:
        try:
            text = file.read(dialect.SAMPLE_CHARACTERS)
        except UnicodeError as error:
            raise Unreadable("encoding", encoding=found.label) from error
    whole = len(text) < dialect.SAMPLE_CHARACTERS
    text = text.lstrip("\ufeff").replace("\0", "")
    if not text.strip():
        raise Unreadable("empty")
    if text.count(encoding.BROKEN) * 10 > len(text):
        raise Unreadable("encoding", encoding=found.label)
    delimiter, quote, named = dialect.find_delimiter(text, chosen_delimiter)
    rows, lines = dialect.parse(text, delimiter, quote, whole=whole)
    if not rows:
        raise Unreadable("empty")
    shape = dialect.find_header(rows[1:] if named else rows)
    if named:
        shape = replace(
            shape, header_row=shape.header_row and shape.header_row + 1, data_from=shape.data_from + 1
        )
    total = (
        len(rows)
        if whole and len(rows) < dialect.SAMPLE_ROWS
        else max(found.lines, lines) * len(rows) // max(lines, 1)
    )
    facts = replace(facts, kind=Kind.TSV if delimiter == "\t" else Kind.CSV, delimiter=delimiter, quote=quote)
    if found.nulls:
        facts = replace(facts, warnings=(because("null_characters"),))
    return _with_shape(facts, shape, rows, total, whole=whole and len(rows) < dialect.SAMPLE_ROWS)


def _with_shape(
    facts: FileFacts, shape: dialect.Shape, rows: Sequence[Sequence[str]], total: int, *, whole: bool
) -> FileFacts:
    if shape.width > facts.limits.columns:
        raise Unreadable("too_many_columns", count=shape.width, limit=facts.limits.columns)
    headers, warnings = dialect.name_columns(shape.headers, shape.width)
    if not shape.header_row:
        warnings = (because("no_header"),)
    elif shape.header_row > 1:
        warnings = (because("preamble", count=shape.header_row - 1), *warnings)
    if shape.pads_short_rows:
        warnings = (*warnings, because("short_rows_padded"))
    below = [tuple(row) for row in rows[shape.data_from - 1 :] if any(cell.strip() for cell in row)]
    if not below and whole:
        raise Unreadable("only_header")
    return replace(
        facts,
        header_row=shape.header_row,
        data_from=shape.data_from,
        headers=headers,
        sample=tuple(below[:50]),
        approximate_rows=max(total - shape.data_from + 1, len(below)),
        decimal=dialect.find_decimal(below),
        pads_short_rows=shape.pads_short_rows,
        warnings=(*facts.warnings, *warnings),
    )
