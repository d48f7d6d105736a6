"""What pages of replies and of answers share: sending and stopping, how far it is, and the letters to print."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.answers import done, refused
from enishi.accounts.requests import StaffRequest
from enishi.contacts.models import Party
from enishi.contacts.queries.reaching import seen_parties
from enishi.core import clock
from enishi.core.documents import Column, Document, Table, write_csv
from enishi.themes.models import Recipient, Sending
from enishi.themes.services import ThemeError

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


def sent(request: StaffRequest, code: str, pk: int, send: Callable[[], object]) -> HttpResponse:
    """Send it in five minutes, with the way back."""
    after = reverse(f"themes:{code}", args=[pk])
    try:
        send()
    except ThemeError as error:
        return refused(request, str(error), after=after)
    words = _("It goes in five minutes.")
    return done(request, words, after=after, undo_url=reverse(f"themes:{code}_stop", args=[pk]))


def stopped(request: StaffRequest, code: str, pk: int, stop: Callable[[], Sending]) -> HttpResponse:
    after = reverse(f"themes:{code}", args=[pk])
    try:
        nobody = stop().state == Sending.State.DRAFT
    except ThemeError as error:
        return refused(request, str(error), after=after)
    words = _("Nothing went out.") if nobody else _("It stops here. Whom it has reached stands in the list.")
    return done(request, words, after=after)


def removed(
    request: StaffRequest, code: str, pk: int, remove: Callable[[], None], *, after: str
) -> HttpResponse:
    """Throw a draft away and go on to the page ``after``."""
    try:
        remove()
    except ThemeError as error:
        return refused(request, str(error), after=reverse(f"themes:{code}", args=[pk]))
    messages.success(request, _("The draft is gone."))
    return redirect(after)


def sheets_of(
    request: StaffRequest,
    listed: Iterable[tuple[Party, str, str]],
    words: Callable[[Party, str], tuple[str, str]],
) -> list[Sheet]:
    """The letters to these people, addresses and languages; ``words`` are subject and text as each of them gets it."""
    every = list(listed)
    shown = seen_parties(request.actor, [party.pk for party, _address, _code in every], "address")
    return [
        Sheet(party, address if party.pk in shown else "", code, *words(party, code))
        for party, address, code in every
    ]


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
