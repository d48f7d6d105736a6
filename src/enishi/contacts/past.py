"""Contacts as they stood at a moment, and what hung on them before they were merged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from enishi.contacts import signals
from enishi.contacts.models import Party
from enishi.timeline.models import Entry
from enishi.timeline.past import Recorded, Row, Turn


class Parties(Recorded):
    """Whoever was erased stays erased."""

    model = Party
    made = frozenset({signals.party_created.code, signals.party_imported.code})

    def before(self, entry: Entry, row: Row | None) -> Row | None:
        row = super().before(entry, row)
        if row is None or row["erased_at"] is not None:
            return row
        if "merged_into" in entry.changes:
            merged_into = entry.changes["merged_into"][0]
            return {**row, "merged_into_id": merged_into, "deleted_at": entry.at if merged_into else None}
        if entry.event == signals.party_deleted.code:
            return {**row, "deleted_at": None}
        if entry.event == signals.party_restored.code:
            return {**row, "deleted_at": entry.at}
        return row

    def columns(self, entry: Entry) -> Row:
        found = super().columns(entry)
        found.pop("erased_at", None)
        return found


def merges_since(key: str, since: dt.datetime) -> Iterable[Turn]:
    """The rows of ``app.model.field`` that merges moved after a moment, back at the record that went."""
    column = f"{key.rpartition('.')[2]}_id"
    for entry in _merges(since):
        assert entry.operation is not None
        merged = entry.operation.data
        kept, gone = merged["kept"], merged["gone"]
        was = gone if entry.event == signals.party_merged.code else kept
        for pk in merged["moved"].get(key, ()):

            def before(row: Row | None, was: int = was, ends: tuple[int, int] = (kept, gone)) -> Row | None:
                return {**row, column: was} if row is not None and row[column] in ends else row

            yield Turn(entry.at, entry.pk, pk, before)


def _merges(since: dt.datetime) -> Iterator[Entry]:
    """The entries of merges and of merges taken back: those about the record that stays, one for each."""
    entries = Entry.objects.unscoped("numbers only, to wind back what they moved").filter(
        event__in=[signals.party_merged.code, signals.merge_undone.code], at__gt=since, data__has_key="gone"
    )
    return entries.select_related("operation").iterator()
