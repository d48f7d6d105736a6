"""Made-up mails, and importing them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.importing.protocol import ImportReport
from enishi.contacts.models import ImportRun
from enishi.conversations.models import Interaction
from enishi.conversations.services.mail_import import Archive, MailOptions, run_mail_import, start_mail_import

DAY = dt.datetime(2024, 3, 4, 9, 30, tzinfo=dt.UTC)
LINE = b"From made@kaze.example Mon Mar  4 09:30:00 2024\n"


def mail(
    number: int,
    *,
    sender: str = "Aoi Takahama <aoi@kaze.example>",
    to: str = "office@tidewall.example",
    subject: str = "Night noise",
    text: str = "",
    answers: Sequence[int] = (),
    at: dt.datetime | None = None,
    files: Sequence[tuple[str, bytes]] = (),
    **headers: str,
) -> bytes:
    """One message; ``number`` makes its Message-ID, ``answers`` are the numbers of those that it refers to."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = format_datetime(at or DAY + dt.timedelta(hours=number))
    made["Message-ID"] = f"<{number}@kaze.example>"
    if answers:
        made["In-Reply-To"] = f"<{answers[-1]}@kaze.example>"
        made["References"] = " ".join(f"<{each}@kaze.example>" for each in answers)
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text or f"Message {number}.")
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return bytes(made)


def mbox(path: Path, *mails: bytes) -> Path:
    path.write_bytes(b"".join(LINE + each.rstrip(b"\n") + b"\n\n" for each in mails))
    return path


def archives(*paths: Path) -> list[Archive]:
    return [Archive.at(path, path.name) for path in paths]


def started(actor: Actor, where: Project, *paths: Path, **options: Any) -> ImportRun:
    return start_mail_import(actor, archives(*paths), project_id=where.pk, options=MailOptions(**options))


def imported(actor: Actor, where: Project, *paths: Path, **options: Any) -> ImportReport:
    return run_mail_import(actor, started(actor, where, *paths, **options))


def stored() -> list[Interaction]:
    """Every stored mail in the order of its date."""
    return list(Interaction.objects.unscoped("test").order_by("occurred_at", "pk"))


def people(one: Interaction) -> list[tuple[str, str, str, int | None, int | None]]:
    return [(p.role, p.name, p.address, p.party_id, p.user_id) for p in one.participants.all()]


def counted(report: ImportReport) -> tuple[int, int, int, int, int]:
    """read, created, unchanged, duplicate, quarantined"""
    return report.read, report.created, report.unchanged, report.duplicate, len(report.quarantined)
