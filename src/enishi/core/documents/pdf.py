"""A document as tagged PDF, set by Typst."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.util
import json
import subprocess
import sys
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from enishi.core.documents import typeset
from enishi.core.documents.cells import shown
from enishi.core.documents.docx import first_rows
from enishi.core.documents.paper import NUMBERS, Chart, Document, Table

ROWS = 2000
"""Of each table: as many as are frozen while the browser waits. Typst holds a document in memory as a whole, and a thousand rows
of nine columns take 1.3 seconds and 150 MB."""
LONGEST = 300
"""Seconds after which setting a paper is given up."""
WIDE = 6
"""A table of more columns gets pages on their side."""


@functools.cache
def fonts() -> list[str]:
    """The folders of the fonts: Latin, Japanese and Persian."""
    packages = (importlib.util.find_spec(name) for name in ("fontpkg_inter", "pylopdf_fonts_jp"))
    found = [place for spec in packages if spec for place in spec.submodule_search_locations or ()]
    built = Path(__file__).resolve().parent.parent / "static" / "dist" / "fonts"
    return [*found, str(built)]


def write_pdf(document: Document) -> bytes:
    """Set the paper with the first rows of each table."""
    template = resources.files("enishi.core.documents").joinpath("paper.typ").read_text(encoding="utf-8")
    with override(document.language):
        paper = json.dumps(_described(document), ensure_ascii=False)
    asked = {
        "template": template,
        "paper": paper,
        "fonts": fonts(),
        "timestamp": int(document.made_at.timestamp()),
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-P", typeset.__file__],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=False,
        timeout=LONGEST,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    return done.stdout


def _described(document: Document) -> dict[str, Any]:
    """Texts only: what stands in them is data to Typst, never markup."""
    made = document.made_at.astimezone(dt.UTC)
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "language": document.language.partition("-")[0],
        "rtl": document.right_to_left,
        "author": document.author,
        "made": [made.year, made.month, made.day, made.hour, made.minute, made.second],
        "figures": [{"value": figure.value, "label": figure.label} for figure in document.figures],
        "charts": [_chart(chart) for chart in document.charts],
        "tables": [_table(document, table) for table in document.tables],
        "notes": list(document.notes),
        "facts": [list(fact) for fact in document.facts],
        "page": _("Page"),
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "title": chart.title,
        "bars": [{"label": b.label, "share": (b.value or 0) / chart.top, "text": b.text} for b in chart.bars],
    }


def _table(document: Document, table: Table) -> dict[str, Any]:
    note = [table.note] if table.note else []
    if table.total > ROWS:
        note.append(first_rows(ROWS, table.total, document.language))
    return {
        "title": table.title,
        "columns": [
            {"label": column.label, "share": column.share, "number": column.kind in NUMBERS}
            for column in table.columns
        ],
        "rows": [
            [shown(cell, document.language, document.zone) for cell in row]
            for row in islice(table.rows(), ROWS)
        ],
        "notes": note,
        "wide": len(table.columns) > WIDE,
    }
