"""A document to write on: the paper and its tables as DOCX."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from enishi.core.documents.cells import shown
from enishi.core.documents.paper import Document, Table
from enishi.core.formats import format_number

if TYPE_CHECKING:
    from docx.document import Document as Word

ROWS = 500
"""Of each table: a longer one is no use in a text, and the other files hold it whole."""


def write_docx(document: Document, file: IO[bytes]) -> None:
    import docx

    word = docx.Document()
    with override(document.language):
        _fill(word, document)
    properties = word.core_properties
    properties.title, properties.author = document.title[:255], document.author[:255]
    properties.language, properties.comments = document.language, ""
    properties.created = properties.modified = document.made_at.astimezone(dt.UTC).replace(tzinfo=None)
    written = io.BytesIO()
    word.save(written)
    _dated(written, file, document.made_at)


def _fill(word: Word, document: Document) -> None:
    side = document.right_to_left
    _turned(word.add_heading(document.title, 1), side)
    _turned(word.add_paragraph(document.subtitle), side)
    for figure in document.figures:
        paragraph = word.add_paragraph()
        paragraph.add_run(figure.value).bold = True
        paragraph.add_run(f" {figure.label}")
        _turned(paragraph, side)
    for chart in document.charts:
        _turned(word.add_heading(chart.title, 2), side)
        _grid(word, ([bar.label, bar.text] for bar in chart.bars), side, head=False)
    for table in document.tables:
        _turned(word.add_heading(table.title, 2), side)
        _grid(word, _texts(document, table), side, head=True)
        for line in _under(table, document.language):
            _turned(word.add_paragraph(line), side)
    for note in document.notes:
        _turned(word.add_paragraph(note), side)
    for label, text in document.facts:
        _turned(word.add_paragraph(f"{label}: {text}"), side)


def _texts(document: Document, table: Table) -> Iterable[list[str]]:
    yield [column.label for column in table.columns]
    for row in islice(table.rows(), ROWS):
        yield [shown(cell, document.language, document.zone) for cell in row]


def _under(table: Table, language: str) -> list[str]:
    lines = [table.note] if table.note else []
    if table.total > ROWS:
        lines.append(first_rows(ROWS, table.total, language))
    return lines


def first_rows(written: int, total: int, language: str) -> str:
    """Where a table that is cut short goes on."""
    return _("Rows 1 to %(n)s of %(total)s. All of them stand in the XLSX and CSV files of this report.") % {
        "n": format_number(written, language),
        "total": format_number(total, language),
    }


def _grid(word: Word, lines: Iterable[list[str]], right_to_left: bool, *, head: bool) -> None:
    listed = list(lines)
    if not listed:
        return
    grid: Any = word.add_table(rows=len(listed), cols=len(listed[0]))
    grid.style = "Light Grid Accent 1" if head else "Table Grid"
    # The cells of a python-docx table are looked up anew at each access: once for all is a hundred times faster.
    cells = grid._cells
    width = len(listed[0])
    for place, line in enumerate(listed):
        for column, text in enumerate(line):
            cells[place * width + column].text = _clean(text)
    if right_to_left:
        _mark(grid._tbl.tblPr, "w:bidiVisual")


def _turned(paragraph: Any, right_to_left: bool) -> None:
    if right_to_left:
        _mark(paragraph._p.get_or_add_pPr(), "w:bidi")
        for run in paragraph.runs:
            _mark(run._r.get_or_add_rPr(), "w:rtl")


def _mark(properties: Any, name: str) -> None:
    from docx.oxml import OxmlElement

    properties.append(OxmlElement(name))


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable() or sign == "\u200c")


def _dated(written: io.BytesIO, file: IO[bytes], moment: dt.datetime) -> None:
    """The same archive with one date on all its entries: equal documents give equal bytes."""
    made = moment.astimezone(dt.UTC)
    date = (max(made.year, 1980), made.month, made.day, made.hour, made.minute, made.second)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            entry = zipfile.ZipInfo(info.filename, date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(info))
