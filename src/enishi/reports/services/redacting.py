"""Erasing somebody out of frozen reports: the values go, their hashes stay, so the reports still prove."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction

from enishi.accounts.access import Actor
from enishi.core import clock
from enishi.core.text import fold
from enishi.reports import sealing, signals
from enishi.reports.models import Part, Redaction, Report
from enishi.timeline.services import record


@transaction.atomic
def redact(actor: Actor, *, party_id: int, words: Collection[str] = ()) -> int:
    """Seal every value about a party out of all reports; returns how many values were.

    Values about this party alone go. Of texts about several people (a subject, the words of a promise) those go that
    hold one of ``words``, the names and addresses of the person; without ``words`` all of them go. Who asks must have been
    allowed to erase: this service belongs to that use case and knows no right of its own. Safe to repeat.
    """
    looked_for = [folded for word in words if (folded := fold(word))]
    parts = Part.objects.filter(people__contains=[party_id]).select_for_update(no_key=True, of=("self",))
    counts: dict[int, int] = {}
    # The trigger lets parts be changed only by whoever says so, in this transaction.
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enishi.redacting', 'on', true)")
    for part in parts.order_by("pk"):
        rows = sealing.unpacked(bytes(part.data))
        sealed = sum(_seal(row, party_id, looked_for) for row in rows)
        part.data, part.people = sealing.packed(rows), [one for one in part.people if one != party_id]
        part.save(update_fields=["data", "people"])
        counts[part.report_id] = counts.get(part.report_id, 0) + sealed
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enishi.redacting', '', true)")
    now = clock.now()
    reports = Report.objects.unscoped("reports that named somebody who is erased").in_bulk(list(counts))
    for report_id, values in counts.items():
        Redaction.objects.create(report_id=report_id, values=values, actor_name=actor.name, at=now)
        record(actor, signals.report_redacted, subject=reports[report_id], data={"values": values})
    return sum(counts.values())


def _seal(row: sealing.Row, party_id: int, words: list[str]) -> int:
    """Seal out what a row says of a party; returns how many values."""
    sealed = 0
    for cell in row:
        for place, value in enumerate(cell) if isinstance(cell, list) else ():
            if value[0] is None or party_id not in value[2]:
                continue
            if len(value[2]) == 1 or not words or _speaks_of(value, words):
                cell[place] = [None, sealing.commitment(value[0], value[1])]
                sealed += 1
            else:
                value[2].remove(party_id)
    return sealed


def _speaks_of(value: list[Any], words: list[str]) -> bool:
    text = fold(value[0])
    return any(word in text for word in words)
