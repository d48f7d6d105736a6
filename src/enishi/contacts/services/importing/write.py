"""Writing what became of a chunk of rows: contacts, what hangs on them, history and search documents, set-wise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import (
    Consent,
    ContactPoint,
    ExternalId,
    FieldValue,
    Party,
    PartyTag,
    Relation,
    RelationType,
)
from enishi.contacts.services.importing.prepared import Point, Value
from enishi.contacts.services.importing.records import DERIVED, TEXTS, Record
from enishi.contacts.services.searchable import findable, index_parties
from enishi.core import clock
from enishi.core.bulk import copy_in, next_ids, number_array, to_json, update_all
from enishi.search.services import Findable, index_new
from enishi.timeline.bulk import Happened, record_rows
from enishi.timeline.models import Operation
from enishi.timeline.services import subject_type

_PLAIN = tuple(name for name in (*TEXTS, *DERIVED) if name not in ("names", "project_ids"))
_PARTY = ("id", "kind", "confidentiality", "version", "last_channel", "names", "project_ids", *_PLAIN)
_plain_columns = attrgetter(*_PLAIN)
_POINT = ("id", "party_id", "kind", "label", "value", "typed", "key", "parts", "status", "note", "is_primary")
_TIE = (
    "id", "type_id", "source_id", "target_id", "title", "department", "valid_from", "valid_until", "seen_on", "evidence",
)  # fmt: skip
_VALUE = ("id", "party_id", "field_id", "text", "folded", "number", "currency", "date", "flag")
_CONSENT = (
    "id",
    "party_id",
    "purpose_id",
    "state",
    "basis",
    "evidence",
    "stated_on",
    "valid_until",
    "created_at",
)


@dataclass(frozen=True)
class Terms:
    """Under what the records of a run are written. ``evidence`` says where consents and affiliations are known from."""

    actor: Actor
    operation: Operation
    evidence: str
    today: dt.date
    purposes: Mapping[str, int]
    works_for: int


def terms(actor: Actor, operation: Operation, *, evidence: str, purposes: Mapping[str, int]) -> Terms:
    works_for = RelationType.objects.values_list("id", flat=True).get(code="works-for")
    return Terms(actor, operation, evidence, clock.today(), purposes, works_for)


def write(records: Iterable[Record], terms: Terms) -> None:
    """Write the new and the changed among these, in the caller's transaction."""
    changed = [record for record in records if record.is_changed]
    _parties(changed)
    _points(changed)
    _ids(changed)
    _ties(changed, terms)
    _tags_and_values(changed)
    consents = _consents(changed, terms)
    record_rows(terms.actor, terms.operation, [_entry(record, consents) for record in changed])
    index(changed)


def _parties(changed: Sequence[Record]) -> None:
    copy_in(
        Party,
        _PARTY,
        (
            (
                record.id, record.kind, record.confidentiality, record.version, "", to_json(record.names),
                number_array(record.project_ids), *_plain_columns(record),
            )
            for record in changed
            if record.is_new
        ),
    )  # fmt: skip
    now = clock.now()
    columns = (*TEXTS, *DERIVED, "version", "updated_at")
    update_all(
        Party,
        columns,
        [
            {
                "id": record.id,
                "version": record.version + 1,
                "updated_at": now.isoformat(),
                **{name: getattr(record, name) for name in (*TEXTS, *DERIVED)},
            }
            for record in changed
            if not record.is_new
        ],
    )


def _points(changed: Sequence[Record]) -> None:
    new = [(record.id, point) for record in changed for point in record.new_points]
    for (_party, point), number in zip(new, next_ids(ContactPoint, len(new)), strict=True):
        point.id = number
    copy_in(
        ContactPoint,
        _POINT,
        (
            (
                p.id, party_id, p.kind, p.label, p.value, p.typed, p.key, to_json(p.parts) if p.parts else "{}", p.status,
                "", p.is_primary,
            )
            for party_id, p in new
        ),
    )  # fmt: skip
    restated = [
        {"id": point.id, "status": point.status}
        for record in changed
        if record.restated
        for point in record.points
        if point.id in record.restated
    ]
    update_all(ContactPoint, ["status"], restated)


def _ids(changed: Sequence[Record]) -> None:
    """An outside id that somebody else bears stays there; one of a contact in the recycle bin moves to the living one."""
    wanted = {pair: record for record in changed for pair in record.added_ids}
    if not wanted:
        return
    taken = ExternalId.objects.filter(value__in={value for _system, value in wanted})
    in_bin: list[int] = []
    for number, system, value, deleted_at in taken.values_list("id", "system", "value", "party__deleted_at"):
        record = wanted.get((system, value))
        if record is not None and deleted_at is None:
            record.added_ids.remove((system, value))
            record.ids.discard((system, value))
        elif record is not None:
            in_bin.append(number)
    ExternalId.objects.filter(pk__in=in_bin).delete()
    rows = ((record.id, system, value) for record in changed for system, value in record.added_ids)
    copy_in(ExternalId, ("party_id", "system", "value"), rows)


def _ties(changed: Sequence[Record], terms: Terms) -> None:
    new = [(record.id, tie) for record in changed for tie in record.new_ties]
    for (_source, tie), number in zip(new, next_ids(Relation, len(new)), strict=True):
        tie.id = number
    copy_in(
        Relation,
        _TIE,
        (
            (
                t.id, terms.works_for, source_id, t.target_id, t.title, t.department, t.valid_from, t.valid_until, t.seen_on,
                t.evidence,
            )
            for source_id, t in new
        ),
    )  # fmt: skip
    fresh = {id(tie) for _source, tie in new}
    update_all(
        Relation,
        ["title", "department", "seen_on"],
        [
            {"id": tie.id, "title": tie.title, "department": tie.department, "seen_on": tie.seen_on}
            for record in changed
            for tie in record.ties
            if tie.before and id(tie) not in fresh
        ],
    )


def _tags_and_values(changed: Sequence[Record]) -> None:
    copy_in(PartyTag, ("party_id", "tag_id"), ((r.id, tag_id) for r in changed for tag_id in r.new_tags))
    gone = [value.id for record in changed for value in record.old_values if value.id is not None]
    if gone:
        FieldValue.objects.filter(pk__in=gone).delete()
    new = [(record.id, value) for record in changed for value in record.new_values]
    for (_party, value), number in zip(new, next_ids(FieldValue, len(new)), strict=True):
        value.id = number
    copy_in(
        FieldValue,
        _VALUE,
        (
            (v.id, party_id, v.field_id, v.text, v.folded, v.number, v.currency, v.date, v.flag)
            for party_id, v in new
        ),
    )


def _consents(changed: Sequence[Record], terms: Terms) -> dict[int, list[int]]:
    """Write the statements; returns their numbers by contact."""
    new = [(record.id, *stated) for record in changed for stated in record.new_consents]
    now = clock.now()
    numbers = next_ids(Consent, len(new))
    copy_in(
        Consent,
        _CONSENT,
        (
            (
                number,
                party_id,
                terms.purposes[purpose],
                state,
                Consent.Basis.CONSENT,
                terms.evidence[:300],
                terms.today,
                until,
                now,
            )
            for number, (party_id, purpose, state, until) in zip(numbers, new, strict=True)
        ),
    )
    found: dict[int, list[int]] = {}
    for number, (party_id, *_stated) in zip(numbers, new, strict=True):
        found.setdefault(party_id, []).append(number)
    return found


def _entry(record: Record, consents: Mapping[int, list[int]]) -> Happened:
    """What the history says of one contact; ``data`` holds, beside the changed fields, what the undo needs."""
    changes = record.differences()
    added: dict[str, Any] = {}
    if record.new_points or record.restated:
        held = record.points[: len(record.points) - len(record.new_points)]
        before = [described(point, record.restated) for point in held]
        changes["points"] = [before, [described(point, {}) for point in record.points]]
        added["points"] = [point.id for point in record.new_points]
    if record.new_ties:
        changes["relations"] = [[], [tie.described() for tie in record.new_ties]]
        added["ties"] = [tie.id for tie in record.new_ties]
    if record.new_tags:
        tags = sorted(path for tag_id, path in record.tags.items() if tag_id not in record.new_tags)
        changes["tags"] = [tags, sorted(record.tags.values())]
        added["tags"] = list(record.new_tags)
    for system, value in record.added_ids:
        changes[f"id:{system}"] = ["", value]
    if record.added_ids:
        added["ids"] = record.added_ids
    if record.new_values:
        added["values"] = [value.id for value in record.new_values]
        for code in dict.fromkeys(value.code for value in record.new_values):
            changes[f"field:{code}"] = [_plain(record, code, before=True), _plain(record, code, before=False)]
    for purpose, state, _until in record.new_consents:
        changes[purpose] = [None, state]
    if record.id in consents:
        added["consents"] = consents[record.id]
    data: dict[str, Any] = {"rows": record.rows, "added": added}
    if record.restated:
        data["restated"] = {str(number): status for number, status in record.restated.items()}
    fresh = {id(tie) for tie in record.new_ties}
    retold = {str(tie.id): tie.retold() for tie in record.ties if tie.before and id(tie) not in fresh}
    if retold:
        data["retold"] = retold
    if record.old_values:
        data["replaced"] = [_stored(value) for value in record.old_values]
    return Happened(
        signals.party_imported if record.is_new else signals.party_updated_by_import,
        _SUBJECT,
        record.id,
        record.full_name,
        record.id,
        changes,
        data,
        record.project_ids,
        record.confidentiality,
    )


_SUBJECT = subject_type(Party)


def described(point: Point, restated: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": point.id,
        "kind": point.kind,
        "label": point.label,
        "value": point.value,
        "status": restated.get(point.id or 0, point.status),
        "is_primary": point.is_primary,
    }


def _plain(record: Record, code: str, *, before: bool) -> list[Any]:
    held = [v for v in record.values if v.code == code and not (before and v in record.new_values)]
    return [value.plain for value in (*held, *(v for v in record.old_values if before and v.code == code))]


def _stored(value: Value) -> dict[str, Any]:
    return {
        "field": value.field_id,
        "text": value.text,
        "folded": value.folded,
        "number": value.number,
        "currency": value.currency,
        "date": value.date,
        "flag": value.flag,
    }


def index(changed: Sequence[Record]) -> None:
    """Search documents: new ones from what is in memory, changed ones from all that hangs on the contact by now."""
    index_new(_document(record) for record in changed if record.is_new)
    index_parties(record.id for record in changed if not record.is_new)


def _document(record: Record) -> Findable:
    where = [word for tie in record.ties for word in (tie.name, tie.title) if word]
    outside = [value for _system, value in record.ids]
    return findable(record, points=record.points, affiliations=where, ids=outside)
