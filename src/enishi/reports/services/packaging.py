"""The package: every format of a report with the manifest and the sealed rows, so that anybody can check it alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import IO

from enishi.core.documents import Document, Table, write_csv
from enishi.reports import sealing
from enishi.reports.models import Report
from enishi.reports.package import HOW, LEAVES, MANIFEST, PAPER, TABLES
from enishi.reports.queries.reports import sealed_leaves, sealed_rows

Write = Callable[[Document, IO[bytes]], None]
_CHUNK = 1 << 20


def write_package(report: Report, document: Document, writers: Mapping[str, Write], file: IO[bytes]) -> None:
    """Write the archive; equal reports give equal archives."""
    made = document.made_at.astimezone(dt.UTC)
    date = (max(made.year, 1980), made.month, made.day, made.hour, made.minute, made.second)
    hashes: dict[str, str] = {}

    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:

        def keep(name: str, pieces: Iterator[bytes]) -> None:
            info = zipfile.ZipInfo(name, date)
            info.compress_type = zipfile.ZIP_DEFLATED
            digest = hashlib.sha256()
            with archive.open(info, "w", force_zip64=True) as out:
                for piece in pieces:
                    digest.update(piece)
                    out.write(piece)
            hashes[name] = digest.hexdigest()

        for table in document.tables:
            keep(
                f"{TABLES}{table.code}.jsonl",
                (sealing.canonical(row) + b"\n" for row in sealed_rows(report, table.code)),
            )
            keep(f"{TABLES}{table.code}{LEAVES}", sealed_leaves(report, table.code))
            keep(f"{table.code}.csv", _written(partial(_csv, table), document))
        for code, write in writers.items():
            if code != "csv":
                keep(f"report.{code}", _written(write, document))
        keep(PAPER, iter([sealing.canonical({"title": report.title, **report.paper})]))
        keep(HOW, iter([_HOW.encode()]))
        keep(
            MANIFEST,
            iter([sealing.canonical({"report": report.manifest, "sha256": report.sha256, "files": hashes})]),
        )


def _csv(table: Table, document: Document, file: IO[bytes]) -> None:
    write_csv(document, table, file)


def _written(write: Write, document: Document) -> Iterator[bytes]:
    with tempfile.SpooledTemporaryFile(4 << 20) as file:
        write(document, file)
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece


_HOW = """How to check this package

With Enishi:   enishi verify PACKAGE.zip
It recomputes every hash below and names what was altered. No database is needed.

manifest.json  "report" is the manifest. Its SHA-256, over the byte 0x02 and its canonical JSON (UTF-8, keys sorted, no
               spaces), is "sha256". "files" are the SHA-256 of the other files of this package.
tables/*.jsonl one row a line. The hash of a row is SHA-256 over the byte 0x00 and the canonical JSON of its cells, where a
               value about people, [text, salt, ids], is replaced by the SHA-256 of salt and text, and a value that was
               sealed out since, [null, hash], by that hash. The hash of a table is SHA-256 over the byte 0x01 and the
               hashes of its rows, in order: tables/*.leaves, 32 bytes each.
paper.json     what stands on the paper besides the tables; "paper" in the manifest is its hash, as the manifest's.
"""
