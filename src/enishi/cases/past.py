"""Cases as they stood at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Sum

from enishi.cases import signals
from enishi.cases.models import Case, CasePause, ReportPage
from enishi.cases.services.rules import FIELDS, next_due
from enishi.contacts.past import merges_since
from enishi.timeline.models import Entry
from enishi.timeline.past import Recorded, Row, Turn, Untold, entries_since

_NAMED = ("owner", "party")


class Cases(Recorded):
    model = Case
    made = frozenset({signals.case_opened.code})

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        self.since = since
        yield from super().turns(since)
        yield from merges_since("cases.case.party", since)

    def before(self, entry: Entry, row: Row | None) -> Row | None:
        row = super().before(entry, row)
        own = {
            name: pair[0] for name, pair in entry.changes.items() if name not in FIELDS and name not in _NAMED
        }
        if row is None or not own:
            return row
        values = {**row["values"], **own}
        return {**row, "values": {name: value for name, value in values.items() if value is not None}}

    def columns(self, entry: Entry) -> Row:
        ids = entry.data.get("_ids", {})
        found = super().columns(entry)
        if "_holder" in entry.data:
            found["owner_id"] = entry.data["_holder"][0]
        for name in _NAMED:
            if name in entry.changes and f"{name}_id" not in ids and f"{name}_id" not in found:
                raise Untold
        return found

    def settled(self, rows: Sequence[Row]) -> None:
        ended = CasePause.objects.filter(case__in=[row["id"] for row in rows], until__lte=self.since)
        days = dict(ended.values_list("case").annotate(days=Sum("days")))
        for row in rows:
            row["paused_days"] = days.get(row["id"], 0)
            row["due_at"] = next_due(Case(**row))


def pages_on(at: dt.datetime) -> set[int]:
    """The projects whose public page was switched on at that moment."""
    found = set(ReportPage.objects.filter(is_on=True).values_list("project_id", flat=True))
    for entry in sorted(entries_since(ReportPage, at), key=lambda entry: (entry.at, entry.pk), reverse=True):
        if "is_on" in entry.changes:
            (found.add if entry.changes["is_on"][0] else found.discard)(entry.subject_id)
    return found
