"""Reports as files: each is written from the frozen rows, and the history says who took it."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from enishi.accounts.access import Actor, Level
from enishi.core.documents import Document, write_csv, write_docx, write_pdf, write_xlsx
from enishi.reports import signals
from enishi.reports.models import Report
from enishi.reports.queries import document
from enishi.reports.services.packaging import write_package
from enishi.timeline.services import record

IN_MEMORY = 4 << 20


@dataclass(frozen=True)
class Format:
    code: str
    label: str
    icon: str
    type: str
    hint: Any


@dataclass(frozen=True)
class Taken:
    """A file ready to be read from its beginning."""

    name: str
    type: str
    file: IO[bytes]
    sha256: str


def _pdf(document: Document, file: IO[bytes]) -> None:
    file.write(write_pdf(document))


def _xlsx(document: Document, file: IO[bytes]) -> None:
    with override(document.language):
        about = _("About this report")
    write_xlsx(document, file, about=about)


def _csv(document: Document, file: IO[bytes]) -> None:
    write_csv(document, document.tables[0], file)


WRITERS: dict[str, Callable[[Document, IO[bytes]], None]] = {
    "pdf": _pdf,
    "xlsx": _xlsx,
    "csv": _csv,
    "docx": write_docx,
}
TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "zip": "application/zip",
}
FORMATS = tuple(TYPES)


@transaction.atomic
def take(actor: Actor, report: Report, format: str) -> Taken:
    """Write a frozen report in a format of ``FORMATS`` and record that it was taken, with the hash of the file."""
    actor.require("reports.view", report.projects or None)
    described = document(report)
    # Handed to the answer, which closes it.
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    with override(report.language):
        if format == "zip":
            write_package(report, described, WRITERS, file)
        else:
            WRITERS[format](described, file)
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    file.seek(0)
    record(actor, signals.report_taken, subject=report, data={"format": format, "sha256": digest.hexdigest()})
    return Taken(f"{file_name(report)}.{format}", TYPES[format], file, digest.hexdigest())


def file_name(report: Report) -> str:
    place = re.sub(r"[^a-z0-9]+", "-", (report.project.code if report.project else "all").lower())
    assert report.as_of is not None
    return f"{report.definition}-{place}-{report.as_of:%Y-%m-%d}-{report.pk}"


@transaction.atomic
def read_report(actor: Actor, report: Report) -> None:
    """Somebody opened a report: recorded when it is confidential."""
    if report.confidentiality >= Level.CONFIDENTIAL:
        record(actor, signals.confidential_read, subject=report)
