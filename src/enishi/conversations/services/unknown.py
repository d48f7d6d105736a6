"""Addresses that nobody knows yet: noted for review when they are seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enishi.conversations.models import UnknownSender


@dataclass(frozen=True)
class Seen:
    """An unknown address in one message."""

    address: str
    name: str
    at: dt.datetime


def note_unknown(seen: Iterable[Seen], *, project_ids: Sequence[int], confidentiality: int) -> None:
    """Put addresses into the review queue, or count them on; set-wise. Those left aside or settled stay so.

    An address stands in the queue of every project it wrote to, at the least confidential level it was seen at.
    """
    by_address: dict[str, list[Seen]] = {}
    for one in seen:
        by_address.setdefault(one.address, []).append(one)
    if not by_address:
        return
    known = {
        sender.address: sender
        for sender in UnknownSender.objects.unscoped("one row for an address across all projects")
        .select_for_update(no_key=True)
        .filter(address__in=by_address)
        .order_by("pk")
    }
    rows = []
    for address, messages in by_address.items():
        sender = known.get(address) or UnknownSender(
            address=address, project_ids=[], confidentiality=confidentiality
        )
        moments = [one.at for one in messages]
        sender.name = sender.name or next((one.name for one in messages if one.name), "")
        sender.messages += len(messages)
        sender.first_at = min(filter(None, [sender.first_at, *moments]))
        sender.last_at = max(filter(None, [sender.last_at, *moments]))
        sender.project_ids = sorted({*sender.project_ids, *project_ids})
        sender.confidentiality = min(sender.confidentiality, confidentiality)
        rows.append(sender)
    fields = ["name", "messages", "first_at", "last_at", "project_ids", "confidentiality"]
    UnknownSender.objects.bulk_create(
        [row for row in rows if row.pk is None],
        update_conflicts=True,
        unique_fields=["address"],
        update_fields=fields,
    )
    UnknownSender.objects.unscoped("the rows locked above").bulk_update(
        [row for row in rows if row.pk], fields
    )
