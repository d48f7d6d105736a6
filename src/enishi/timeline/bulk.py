"""Writing the entries of thousands of changes by COPY. One event of the operation tells of them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from enishi.accounts.access import Actor
from enishi.core import clock
from enishi.core.bulk import copy_in, number_array, to_json
from enishi.core.events import Event
from enishi.timeline.models import Entry, Operation


class Happened(NamedTuple):
    """What one entry says. Values are plain already: JSON types, dates as ISO texts."""

    event: Event
    subject_type: str
    subject_id: int
    label: str
    party_id: int | None
    changes: dict[str, Any]
    data: dict[str, Any]
    project_ids: Sequence[int]
    confidentiality: int


_COLUMNS = (
    "at", "user_id", "actor_name", "via", "request_id", "operation_id", "event", "subject_type", "subject_id", "label",
    "party_id", "changes", "data", "project_ids", "confidentiality",
)  # fmt: skip


def record_rows(actor: Actor, operation: Operation | None, happened: Iterable[Happened]) -> None:
    """Write these entries in the caller's transaction; nobody is told of each."""
    head = (
        clock.now(),
        actor.user_id,
        actor.name,
        str(actor.via),
        actor.request_id,
        operation and operation.pk,
    )
    copy_in(
        Entry,
        _COLUMNS,
        (
            (
                *head,
                entry.event.code,
                entry.subject_type,
                entry.subject_id,
                entry.label[:300],
                entry.party_id,
                to_json(entry.changes),
                to_json(entry.data),
                number_array(entry.project_ids),
                entry.confidentiality,
            )
            for entry in happened
        ),
    )
