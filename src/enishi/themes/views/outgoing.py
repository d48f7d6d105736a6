"""What pages of replies and of answers share: how far it is, and the letters to print."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.contacts.models import Party
from enishi.core import clock
from enishi.core.documents import Column, Document, Table, write_csv
from enishi.themes.models import Recipient, Sending

SHOWN = 200


@dataclass(frozen=True)
class Sheet:
    """One letter as it is printed; without the address where the reader does not see it."""

    party: Party
    address: str
    language: str
    subject: str
    text: str


def progress_of(one: Sending, code: str, counts: Mapping[str, int]) -> dict[str, Any]:
    """What the component for it needs; ``code`` is that of the job and of the address."""
    total = sum(counts.values())
    return {
        "progress_url": reverse(f"themes:{code}_progress", args=[one.pk]),
        "job": f"{code}-{one.pk}",
        "state": {"going": "running", "sent": "done"}.get(one.state, ""),
        "total": total,
        "gone": total - counts.get(Recipient.State.WAITING, 0),
        "failed": counts.get(Recipient.State.FAILED, 0),
        "unsure": counts.get(Recipient.State.GOING, 0) if one.state == Sending.State.SENT else 0,
    }


def letters_file(sheets: Sequence[Sheet], *, title: str, name: str) -> HttpResponse:
    """Name, address and words of each, for a serial letter or labels."""
    columns = [
        Column("name", _("Name")),
        Column("address", _("Address")),
        Column("language", _("Language")),
        Column("subject", _("Subject")),
        Column("text", _("Text")),
    ]
    rows = [[one.party.full_name, one.address, one.language, one.subject, one.text] for one in sheets]
    table = Table("letters", _("Letters"), columns, lambda: iter(rows), len(rows))
    zone = timezone.get_current_timezone()
    paper = Document(title, "", get_language() or "en", zone, clock.now(), tables=[table])
    file = io.BytesIO()
    write_csv(paper, table, file)
    answer = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
