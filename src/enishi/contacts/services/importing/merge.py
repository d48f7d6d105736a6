"""What a row of a file adds to a contact: fills what is empty, adds what is new, and replaces only if the file wins.

A card is dated evidence of where somebody worked, so an affiliation is added beside the others and never taken away. A consent
of a file without a date never outweighs a refusal or withdrawal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from enishi.contacts.models import Consent, ContactPoint, Party
from enishi.contacts.services.importing.organisations import Organisations
from enishi.contacts.services.importing.prepared import Affiliation, Prepared, Value
from enishi.contacts.services.importing.records import Record, Tie
from enishi.contacts.services.parties import work_out
from enishi.core import clock, text

_NAME = ("full_name", "family_name", "given_name")


@dataclass
class Ground:
    """What holds for all rows of a run. ``ids`` gives numbers for new contacts."""

    project_id: int
    file_wins: bool
    evidence: str
    organisations: Organisations
    ids: Iterator[int]
    tags: Mapping[str, int] = field(default_factory=dict)


def new_record(prepared: Prepared, ground: Ground, *, number: int | None = None) -> Record:
    """The contact that a row makes, under the number that was set apart for it."""
    record = Record(
        number or next(ground.ids),
        is_new=True,
        kind=prepared.kind,
        project_ids=[ground.project_id],
        **{name: getattr(prepared, name) for name in (*_NAME, "names", "script", "sort_key", "match_key")},
        **prepared.texts,
    )
    _add(record, prepared, ground)
    return record


def merge(record: Record, prepared: Prepared, ground: Ground) -> bool:
    """Bring one more row into a contact that is there already; tells whether that changed anything."""
    before = record.fingerprint()
    _names(record, prepared, ground)
    for name, value in prepared.texts.items():
        _settle(record, name, value, ground)
    if ground.project_id not in record.project_ids:
        record.project_ids = [*record.project_ids, ground.project_id]
    _add(record, prepared, ground)
    return record.fingerprint() != before


def _settle(record: Record, name: str, value: str, ground: Ground) -> None:
    old = getattr(record, name)
    empty = old in (None, "") or (name == "status" and old == Party.Status.ACTIVE)
    if empty or (ground.file_wins and old != value):
        setattr(record, name, value)


def _names(record: Record, prepared: Prepared, ground: Ground) -> None:
    """A name with the same key is the same name however it is written; only its parts may still be missing."""
    before = [getattr(record, name) for name in _NAME], dict(record.names)
    known = {record.match_key, *(_full(parts) for parts in record.names.values())}
    if prepared.match_key == record.match_key:
        if not record.family_name and not record.given_name:
            record.family_name, record.given_name = prepared.family_name, prepared.given_name
    elif (
        ground.file_wins
        and record.kind == prepared.kind
        and _full({"full": prepared.full_name}) not in known
        and not _abbreviates(prepared.full_name, record.full_name)
    ):
        if prepared.script == record.script or not record.script:
            for name in _NAME:
                setattr(record, name, getattr(prepared, name))
        elif prepared.script and prepared.script not in record.names:
            parts = {"full": prepared.full_name, "family": prepared.family_name, "given": prepared.given_name}
            record.names = {**record.names, prepared.script: {k: v for k, v in parts.items() if v}}
    for script, parts in prepared.names.items():
        held = record.names.get(script)
        if held is None or (ground.file_wins and _full(held) != _full(parts)):
            record.names = {**record.names, script: dict(parts)}
    if before != ([getattr(record, name) for name in _NAME], record.names):
        work_out(record)


def _abbreviates(name: str, longer: str) -> bool:
    """A. Mercier says nothing against Aline Mercier."""
    words = text.fold(name).split()
    return any(len(word) == 1 and word.isascii() for word in words) and len(name) < len(longer)


def _full(parts: Mapping[str, str]) -> str:
    return (
        (parts.get("full") or f"{parts.get('family', '')}{parts.get('given', '')}")
        .replace(" ", "")
        .casefold()
    )


def _add(record: Record, prepared: Prepared, ground: Ground) -> None:
    record.rows.append(prepared.number)
    if prepared.notes:
        _add_notes(record, prepared)
    _add_points(record, prepared)
    for pair in prepared.ids:
        if pair not in record.ids:
            record.ids.add(pair)
            record.added_ids.append(pair)
    for read in prepared.affiliations:
        _add_tie(record, read, ground)
    for path in prepared.tags:
        tag_id = ground.tags[path]
        if tag_id not in record.tags:
            record.tags[tag_id] = record.new_tags[tag_id] = path
    for value in prepared.values:
        _add_value(record, value, ground)
    for purpose, state in prepared.consents:
        held = record.consents.get(purpose)
        if held is None or (held == Consent.State.GIVEN and state != held):
            ends = prepared.consents_until.get(purpose) if state == Consent.State.GIVEN else None
            until = dt.date.fromisoformat(ends) if ends else None
            # What had run out before the file came gives nothing.
            if until is None or until >= clock.today():
                record.consents[purpose] = state
                record.new_consents.append((purpose, state, until))


def _add_notes(record: Record, prepared: Prepared) -> None:
    held = record.note.split("\n\n")
    fresh = [note for note in prepared.notes if note not in held and note not in record.note]
    if fresh:
        record.note = "\n\n".join(filter(None, [record.note, *fresh]))


def _add_points(record: Record, prepared: Prepared) -> None:
    held = {point.sameness: point for point in record.points}
    chosen = {point.kind for point in record.points if point.is_primary}
    for point in prepared.points:
        there = held.get(point.sameness)
        if there is None:
            point.is_primary = point.is_primary and point.kind not in chosen
            if point.is_primary:
                chosen.add(point.kind)
            held[point.sameness] = point
            record.points.append(point)
            record.new_points.append(point)
        elif point.status == ContactPoint.Status.REFUSED and there.status != point.status:
            if there.id is not None:
                record.restated.setdefault(there.id, there.status)
            there.status = point.status


def _add_tie(record: Record, read: Affiliation, ground: Ground) -> None:
    target = ground.organisations.get(read)
    same = [tie for tie in record.ties if tie.target_id == target.id and tie.valid_until is None]
    fitting = next(
        (tie for tie in same if read.title in ("", tie.title) and read.department in ("", tie.department)),
        None,
    ) or next((tie for tie in same if not tie.title and not tie.department), None)
    if fitting is None and same and ground.file_wins and not read.seen_on:
        fitting = same[-1]
    if fitting is not None:
        if read.title:
            fitting.set("title", read.title)
        if read.department:
            fitting.set("department", read.department)
        if read.seen_on and read.seen_on > (fitting.seen_on or ""):
            fitting.set("seen_on", read.seen_on)
        return
    # Another function in the same organisation is told apart by the day of its card.
    begin = read.seen_on or None if same else None
    if same and any(tie.valid_from == begin for tie in same):
        return
    tie = Tie(
        target.id,
        target.name,
        title=read.title,
        department=read.department,
        seen_on=read.seen_on or None,
        valid_from=begin,
        evidence=ground.evidence,
    )
    record.ties.append(tie)
    record.new_ties.append(tie)


def _add_value(record: Record, value: Value, ground: Ground) -> None:
    held = [other for other in record.values if other.field_id == value.field_id]
    if any(other.plain == value.plain for other in held):
        return
    if held and not value.several:
        if not ground.file_wins:
            return
        for other in held:
            record.values.remove(other)
            if other in record.new_values:
                record.new_values.remove(other)
            else:
                record.old_values.append(other)
    record.values.append(value)
    record.new_values.append(value)
