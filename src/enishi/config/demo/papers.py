"""The demo's files, made from a few lines of text: PDF, DOCX, XLSX, CSV and plain text."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from enishi.content.services import FileDraft

_FIXED = (2026, 1, 1, 0, 0, 0)
"""Equal papers have equal bytes, so that they are kept once."""


def paper(name: str, lines: Sequence[str]) -> FileDraft:
    """A file whose kind is said by the ending of its name. In tables a line is a row, its cells apart by ``|``."""
    return FileDraft(name, _MAKERS[name.rpartition(".")[2]](lines))


def _text(lines: Sequence[str]) -> bytes:
    return "\n".join([*lines, ""]).encode()


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _csv(lines: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(_cells(line) for line in lines)
    return out.getvalue().encode("utf-8-sig")


def _xlsx(lines: Sequence[str]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append([float(cell) if cell.replace(".", "", 1).isdigit() else cell for cell in _cells(line)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def _docx(lines: Sequence[str]) -> bytes:
    """The smallest package that word processors open: a document of plain paragraphs."""
    body = "".join(f"<w:p><w:r><w:t xml:space='preserve'>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    parts = {
        "[Content_Types].xml": (
            f"<Types xmlns='{_PACKAGE}/content-types'>"
            "<Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
            f"<Override PartName='/word/document.xml' ContentType='{_DOCX_TYPE}'/></Types>"
        ),
        "_rels/.rels": (
            f"<Relationships xmlns='{_PACKAGE}/relationships'>"
            f"<Relationship Id='r1' Type='{_OFFICE}' Target='word/document.xml'/></Relationships>"
        ),
        "word/document.xml": f"<w:document xmlns:w='{_WORD}'><w:body>{body}</w:body></w:document>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, xml in parts.items():
            package.writestr(zipfile.ZipInfo(name, _FIXED), f"<?xml version='1.0' encoding='UTF-8'?>{xml}")
    return out.getvalue()


def _pdf(lines: Sequence[str]) -> bytes:
    """One page in Helvetica, which every reader has; for Latin scripts only."""
    rows = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines]
    first, *rest = rows
    words = (
        f"BT /F1 18 Tf 64 770 Td 17 TL ({first}) Tj /F1 11 Tf T* "
        + " ".join(f"T* ({row}) Tj" for row in rest)
        + " ET"
    )
    stream = words.encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


_MAKERS: dict[str, Callable[[Sequence[str]], bytes]] = {
    "pdf": _pdf,
    "docx": _docx,
    "xlsx": _xlsx,
    "csv": _csv,
    "txt": _text,
}
