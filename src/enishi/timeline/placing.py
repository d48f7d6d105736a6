"""Placing many things on timelines at once, for imports and mass edits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from enishi.timeline.models import Item


@dataclass(frozen=True, slots=True)
class Placed:
    """One thing and the people on whose timelines it stands."""

    subject_id: int
    party_ids: Sequence[int]
    occurred_at: dt.datetime
    project_ids: Sequence[int]
    confidentiality: int
    channel: str = ""


def place_all(subject_type: str, family: str, things: Iterable[Placed]) -> None:
    """Put many new things on timelines; where one stands already it stays."""
    Item.objects.bulk_create(
        [
            Item(
                party_id=party_id,
                family=family,
                channel=thing.channel,
                subject_type=subject_type,
                subject_id=thing.subject_id,
                occurred_at=thing.occurred_at,
                project_ids=list(thing.project_ids),
                confidentiality=thing.confidentiality,
            )
            for thing in things
            for party_id in thing.party_ids
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )


def displace_all(subject_type: str, subject_ids: Collection[int]) -> None:
    """Take many things off every timeline."""
    Item.objects.unscoped("placement follows the subject").filter(
        subject_type=subject_type, subject_id__in=subject_ids
    ).delete()
