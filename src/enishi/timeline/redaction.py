"""Taking values out of the history, so that its proof still holds."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from enishi.timeline.models import Entry, Redaction
from enishi.timeline.proof import FIELDS, leaf, redactions_root

BATCH = 500


class Content(NamedTuple):
    """What of an entry may be taken out."""

    label: str
    changes: dict[str, Any]
    data: dict[str, Any]


def redact(
    entries: Iterable[Entry],
    *,
    rewrite: Callable[[Entry], Content],
    tell: Callable[[Mapping[str, Any]], Entry],
) -> int:
    """Rewrite these entries (locked by the caller) in the caller's transaction; returns how many changed.

    ``tell`` records the erasure with what it is given: how many entries were redacted, and the root that seals which.
    Every rewritten entry gets a new salt; the old one, and with it every way to test what stood there, is gone.
    """
    changed: list[Entry] = []
    found: list[tuple[int, bytes, bytes]] = []
    for entry in entries:
        content = rewrite(entry)
        if content == Content(entry.label, entry.changes, entry.data):
            continue
        was = _leaf(entry)
        entry.label, entry.changes, entry.data = content
        entry.salt = uuid.uuid4()
        changed.append(entry)
        found.append((entry.pk, was, _leaf(entry)))
    found.sort()
    erasure = tell({"redactions": len(found), "root": redactions_root(found)})
    Redaction.objects.bulk_create(
        [Redaction(entry_id=pk, erasure=erasure, was=was, now=now) for pk, was, now in found],
        batch_size=BATCH,
    )
    Entry.objects.unscoped("redacted by an erasure").bulk_update(
        changed, ["label", "changes", "data", "salt"], batch_size=BATCH
    )
    return len(found)


def _leaf(entry: Entry) -> bytes:
    return leaf([getattr(entry, name) for name in FIELDS])
