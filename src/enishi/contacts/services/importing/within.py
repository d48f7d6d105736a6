"""Rows of one file that speak of one contact: found by their keys in the staging table, whatever the size of the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Count

from enishi.contacts.models import ImportRow, ImportRun
from enishi.contacts.queries.staging import bare_namesakes, shared_keys
from enishi.contacts.services.importing.matching import Suspect, fits
from enishi.contacts.services.importing.merge import Ground, merge, new_record
from enishi.contacts.services.importing.prepared import DRAFT, Prepared
from enishi.contacts.services.importing.records import Record, load
from enishi.core import bulk

Action = ImportRow.Action
AT_ONCE = 1_000
_SURE = "xeapg"


@dataclass(slots=True)
class _Row:
    id: int
    number: int
    action: str
    party_id: int
    prepared: Prepared


def settle(run: ImportRun, ground: Ground) -> None:
    """Let later rows about a contact follow the first, and mark those that may be the same."""
    heads: dict[int, int] = {}
    perhaps: dict[int, Suspect] = {}
    groups = shared_keys(run.pk)
    while batch := list(islice(groups, AT_ONCE)):
        rows = _rows(run, {number for _key, numbers in batch for number in numbers})
        for key, numbers in batch:
            for place, number in enumerate(numbers[1:], start=1):
                if number in rows and number not in heads:
                    _compare(key[0], rows, number, numbers[:place], heads, perhaps)
    for number, first in bare_namesakes(run.pk):
        perhaps.setdefault(number, Suspect(85, "name", row=first))
    _follow(run, heads, ground)
    _mark(run, {n: suspect for n, suspect in perhaps.items() if n not in heads}, ground)


def _compare(
    rule: str,
    rows: dict[int, _Row],
    number: int,
    earlier: list[int],
    heads: dict[int, int],
    perhaps: dict[int, Suspect],
) -> None:
    row = rows[number]
    if row.action != Action.CREATE:
        return
    for other_number in earlier[:20]:
        other = rows.get(other_number)
        if other is None or other.prepared.kind != row.prepared.kind:
            continue
        theirs = other.prepared
        if rule == "g" and row.prepared.is_elsewhere(theirs.postcodes):
            perhaps.setdefault(number, Suspect(80, "name", row=other_number))
        elif rule in _SURE and (
            rule not in "ep" or fits(row.prepared, theirs.match_key, theirs.full_name, theirs.names)
        ):
            heads[number] = heads.get(other_number, other_number)
            return
        elif rule == "o":
            perhaps.setdefault(number, Suspect(95, "organisation", row=other_number))


def _rows(run: ImportRun, numbers: set[int]) -> dict[int, _Row]:
    found = ImportRow.objects.filter(run=run, number__in=numbers).exclude(action=Action.REFUSE)
    return {
        number: _Row(pk, number, action, party_id or 0, Prepared.loads(draft))
        for pk, number, action, party_id, draft in found.values_list(
            "id", "number", "action", "party_id", DRAFT
        )
    }


def _follow(run: ImportRun, heads: dict[int, int], ground: Ground) -> None:
    """Rows that speak of the contact of an earlier one: would they change it once more?"""
    members: dict[int, list[int]] = defaultdict(list)
    for number in sorted(heads):
        members[heads[number]].append(number)
    for batch in _batches(sorted(members)):
        rows = _rows(run, {n for head in batch for n in (head, *members[head])})
        ground.organisations.look_up(row.prepared for row in rows.values())
        records = load((rows[head].party_id for head in batch), lock=False)
        changes: list[dict[str, Any]] = []
        for head in batch:
            record = _record_of(rows[head], records, ground)
            for number in members[head]:
                changed = merge(record, rows[number].prepared, ground)
                action = Action.UPDATE if changed else Action.SAME
                changes.append({"id": rows[number].id, "action": action, "party_id": rows[head].party_id})
        bulk.update_all(ImportRow, ["action", "party_id"], changes)


def _record_of(row: _Row, records: dict[int, Record], ground: Ground) -> Record:
    held = records.get(row.party_id)
    if held is None:
        return new_record(row.prepared, ground)
    merge(held, row.prepared, ground)
    return held


def _mark(run: ImportRun, perhaps: dict[int, Suspect], ground: Ground) -> None:
    for batch in _batches(sorted(perhaps)):
        rows = _rows(run, {n for number in batch for n in (number, perhaps[number].row or 0)})
        ground.organisations.look_up(row.prepared for row in rows.values())
        records = load((row.party_id for row in rows.values()), lock=False)
        same: list[dict[str, Any]] = []
        duplicates: list[dict[str, Any]] = []
        for number in batch:
            row, suspect = rows.get(number), perhaps[number]
            first = rows.get(suspect.row or 0)
            if row is None or first is None or row.action != Action.CREATE:
                continue
            if merge(_record_of(first, records, ground), row.prepared, ground):
                matches = [suspect.to_json()]
                duplicates.append({"id": row.id, "action": Action.DUPLICATE, "matches": matches})
            else:
                same.append({"id": row.id, "action": Action.SAME, "party_id": first.party_id})
        bulk.update_all(ImportRow, ["action", "matches"], duplicates)
        bulk.update_all(ImportRow, ["action", "party_id"], same)


def _batches(numbers: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(numbers), AT_ONCE):
        yield numbers[start : start + AT_ONCE]


def counts(run: ImportRun) -> dict[str, int]:
    """How many rows have which action."""
    found = ImportRow.objects.filter(run=run).values_list("action").annotate(n=Count("id")).order_by()
    return dict(found)
