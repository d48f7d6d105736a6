"""Taking an import back: what it created goes to the recycle bin, what it changed goes back to what it was.

What somebody edited since is a conflict and stays unless they say otherwise. Consents stay in any case: a statement is never
unsaid. All of it set-wise, in the transaction of the undo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import (
    ContactPoint,
    ExternalId,
    FieldValue,
    Party,
    PartyTag,
    Relation,
    Tag,
)
from enishi.contacts.queries import protected
from enishi.contacts.services.importing.records import TEXTS, Record, Tie, load
from enishi.contacts.services.importing.runs import mark_undone
from enishi.contacts.services.importing.write import described
from enishi.contacts.services.parties import work_out
from enishi.contacts.services.searchable import KINDS, index_parties
from enishi.core import bulk, clock
from enishi.search.services import forget
from enishi.timeline.bulk import Happened, record_rows
from enishi.timeline.models import Entry, Item, Operation
from enishi.timeline.services import subject_type
from enishi.timeline.undo import Conflict, UndoPlan

CHUNK = 2_500
LISTED = 300
_SUBJECT = subject_type(Party)
_CREATED, _UPDATED = signals.party_imported.code, signals.party_updated_by_import.code


@dataclass
class _Reversal:
    """What goes back on one contact. ``changes`` tells the history; the rest is what has to be written."""

    record: Record
    changes: dict[str, list[Any]] = field(default_factory=dict)
    points: list[int] = field(default_factory=list)
    ties: list[int] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    ids: list[tuple[str, str]] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    put_back: list[dict[str, Any]] = field(default_factory=list)
    restated: dict[int, str] = field(default_factory=dict)
    retold: list[dict[str, Any]] = field(default_factory=list)


def preview(actor: Actor, operation: Operation) -> UndoPlan:
    """What taking it back would do; writes nothing."""
    work = _Undoing(operation, keep=None)
    conflicts = list(work.created_conflicts().values())
    gone = work.created() - set(work.created_conflicts())
    updated = 0
    for reversals, found in work.updated_chunks():
        updated += sum(1 for reversal in reversals if reversal.changes)
        conflicts += found
    notes = []
    seen = Party.objects.visible_to(actor).filter(
        pk__in={int(found.key.partition(":")[0]) for found in conflicts}
    )
    hidden = {party.pk: protected.hidden(actor, party) for party in seen}
    conflicts = [
        replace(found, now="", back_to="") if _unread(name, hidden[int(party)]) else found
        for found in conflicts
        for party, _colon, name in [found.key.partition(":")]
        if int(party) in hidden
    ]
    if work.has_consents():
        notes.append(_("Consents that came with the file stay: what somebody stated is not unsaid."))
    return UndoPlan({"deleted": len(gone), "restored": updated}, conflicts[:LISTED], notes)


def _unread(name: str, hidden: frozenset[str]) -> bool:
    """Whether a conflict is about what somebody does not see; a way to reach is named by its number there."""
    return name in hidden or (name.startswith("point") and not hidden.isdisjoint(protected.REACH))


def undo(actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
    """Take it back in the caller's transaction; returns what was done."""
    work = _Undoing(operation, keep=keep)
    kept_created = {party_id for party_id, found in work.created_conflicts().items() if work.keeps(found.key)}
    deleted = work.created() - kept_created
    kept, restored = len(kept_created), 0
    for reversals, conflicts in work.updated_chunks(lock=True):
        changed = [reversal for reversal in reversals if reversal.changes]
        _write(actor, operation, changed)
        restored += len(changed)
        kept += sum(work.keeps(conflict.key) for conflict in conflicts)
    _bin(actor, operation, sorted(deleted))
    _drop_tags(operation)
    mark_undone(actor, operation)
    return {"deleted": len(deleted), "restored": restored, "kept": kept}


class _Undoing:
    def __init__(self, operation: Operation, *, keep: Collection[str] | None) -> None:
        self.operation, self.keep = operation, keep
        self.entries = Entry.objects.unscoped("the operation's own").filter(
            operation=operation, subject_type=_SUBJECT
        )
        self._created: set[int] | None = None
        self._conflicts: dict[int, Conflict] | None = None

    def keeps(self, key: str) -> bool:
        return self.keep is None or key in self.keep

    def created(self) -> set[int]:
        """What the operation created and is still there."""
        if self._created is None:
            made = self.entries.filter(event=_CREATED).values("subject_id")
            there = Party.objects.unscoped("what the operation created").present().filter(pk__in=made)
            self._created = set(there.values_list("pk", flat=True))
        return self._created

    def created_conflicts(self) -> dict[int, Conflict]:
        """Contacts that were created and used since: edited, spoken with, promised to."""
        if self._conflicts is None:
            made = self.entries.filter(event=_CREATED).values("subject_id")
            first = self.entries.aggregate(first=Min("id"))["first"] or 0
            later = Entry.objects.unscoped("what happened to them since").filter(
                subject_type=_SUBJECT, subject_id__in=made, id__gt=first
            )
            edited = {
                row["subject_id"]: row
                for row in later.exclude(operation=self.operation)
                .order_by("id")
                .values("subject_id", "actor_name", "at")
            }
            used = set(
                Item.objects.unscoped("whether anything hangs on them")
                .filter(party_id__in=made)
                .values_list("party_id", flat=True)
            )
            touched = (set(edited) | used) & self.created()
            names = dict(
                Party.objects.unscoped("named in the undo of what created them")
                .filter(pk__in=touched)
                .order_by("pk")
                .values_list("pk", "full_name")
            )
            self._conflicts = {
                party_id: Conflict(
                    key=str(party_id),
                    subject=name,
                    field=_("contact"),
                    now=_("edited since")
                    if party_id in edited
                    else _("has conversations, promises or files"),
                    back_to=_("recycle bin"),
                    url=reverse("contacts:party", args=[party_id]),
                    edited_by=edited[party_id]["actor_name"] if party_id in edited else "",
                    edited_at=edited[party_id]["at"] if party_id in edited else None,
                )
                for party_id, name in names.items()
            }
        return self._conflicts

    def has_consents(self) -> bool:
        return self.entries.filter(data__added__has_key="consents").exists()

    def updated_chunks(self, *, lock: bool = False) -> Iterator[tuple[list[_Reversal], list[Conflict]]]:
        """The contacts that were there before and were changed, a chunk at a time, with what goes back and what does not."""
        made = self.entries.filter(event=_CREATED).values("subject_id")
        ids = (
            self.entries.filter(event=_UPDATED)
            .exclude(subject_id__in=made)
            .values_list("subject_id", flat=True)
            .distinct()
            .order_by("subject_id")
        )
        numbers = list(ids)
        for start in range(0, len(numbers), CHUNK):
            chunk = numbers[start : start + CHUNK]
            records = load(chunk, lock=lock)
            entries: dict[int, list[Entry]] = defaultdict(list)
            for entry in self.entries.filter(event=_UPDATED, subject_id__in=chunk).order_by("-id"):
                entries[entry.subject_id].append(entry)
            reversals, conflicts = [], []
            for party_id, held in records.items():
                reversal = _Reversal(held)
                for entry in entries[party_id]:
                    conflicts += _revert(reversal, entry, self.keeps)
                reversals.append(reversal)
            yield reversals, conflicts


def _revert(reversal: _Reversal, entry: Entry, keeps: Any) -> list[Conflict]:
    record, data = reversal.record, entry.data
    conflicts: list[Conflict] = []

    def conflict(name: str, label: str, now: Any, back: Any) -> bool:
        """Whether this stays as it is."""
        found = Conflict(
            key=f"{record.id}:{name}",
            subject=record.full_name,
            field=label,
            now=_shown(now),
            back_to=_shown(back),
            url=reverse("contacts:party", args=[record.id]),
        )
        conflicts.append(found)
        return bool(keeps(found.key))

    for name in TEXTS:
        if name not in entry.changes:
            continue
        before, after = entry.changes[name]
        now = getattr(record, name)
        if now != after and (now == before or conflict(name, _field_label(name), now, before)):
            continue
        setattr(record, name, before)
        reversal.changes[name] = [now, before]
    _revert_points(reversal, entry, conflict)
    ties = {tie.id: tie for tie in record.ties}
    told = {item["target"]: item for item in entry.changes.get("relations", [[], []])[1]}
    for number in data.get("added", {}).get("ties", ()):
        tie = ties.get(number)
        if tie is None:
            continue
        if tie.described() == told.get(tie.target_id) or not conflict(
            f"tie{number}", _("affiliation"), tie.title, ""
        ):
            reversal.ties.append(number)
            reversal.changes.setdefault("relations", [[], []])[0].append(_numbered(record, tie))
    for number, fields in data.get("retold", {}).items():
        tie = ties.get(int(number))
        back = {n: old for n, (old, new) in fields.items() if tie and getattr(tie, n) == new}
        if tie and back:
            row = {
                "id": tie.id,
                "title": tie.title,
                "department": tie.department,
                "seen_on": tie.seen_on,
                **back,
            }
            reversal.retold.append(row)
            told_now = _numbered(record, tie)
            reversal.changes.setdefault("relation", [told_now, {**told_now, **back}])
    _revert_belongings(reversal, entry, conflict)
    return conflicts


def _numbered(record: Record, tie: Tie) -> dict[str, Any]:
    """An affiliation as the history tells it where it has to be found again."""
    return {"id": tie.id, "source": record.id, **tie.described()}


def _revert_points(reversal: _Reversal, entry: Entry, conflict: Any) -> None:
    record, added = reversal.record, set(entry.data.get("added", {}).get("points", ()))
    told = {item["id"]: item for item in entry.changes.get("points", [[], []])[1]}
    before = [described(point, {}) for point in record.points]
    for point in record.points:
        if point.id is None or point.id not in added:
            continue
        same = all(getattr(point, name) == told[point.id][name] for name in ("value", "label", "status"))
        if same or not conflict(f"point{point.id}", _("way to reach"), point.value, ""):
            reversal.points.append(point.id)
    for number, status in entry.data.get("restated", {}).items():
        point_now = next((point for point in record.points if point.id == int(number)), None)
        if point_now and point_now.status == ContactPoint.Status.REFUSED:
            reversal.restated[int(number)] = status
    if reversal.points or reversal.restated:
        gone = set(reversal.points)
        reversal.changes["points"] = [
            before,
            [
                described(point, reversal.restated)
                for point in record.points
                if point.id is None or point.id not in gone
            ],
        ]


def _revert_belongings(reversal: _Reversal, entry: Entry, conflict: Any) -> None:
    record, added = reversal.record, entry.data.get("added", {})
    tags = [tag_id for tag_id in added.get("tags", ()) if tag_id in record.tags]
    if tags:
        reversal.tags += tags
        held = sorted(record.tags.values())
        reversal.changes["tags"] = [
            held,
            sorted(path for number, path in record.tags.items() if number not in tags),
        ]
    for system, value in added.get("ids", ()):
        if (system, value) in record.ids:
            reversal.ids.append((system, value))
            reversal.changes[f"id:{system}"] = [value, ""]
    values = {value.id: value for value in record.values}
    came = set(added.get("values", ()))
    edited = bool(came - values.keys())
    codes = {values[number].code for number in came & values.keys()}
    if came and edited and conflict("values", _("own fields"), "", ""):
        return
    for number in came & values.keys():
        reversal.values.append(number)
    if came:
        reversal.put_back += entry.data.get("replaced", [])
        for code in codes:
            now = [value.plain for value in record.values if value.code == code]
            reversal.changes[f"field:{code}"] = [now, []]


def _field_label(name: str) -> str:
    if name == "owner_id":
        name = "owner"
    return str(getattr(Party._meta.get_field(name), "verbose_name", name))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(str(parts.get("full", "")) for parts in value.values())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)[:200]


def _write(actor: Actor, operation: Operation, reversals: Sequence[_Reversal]) -> None:
    if not reversals:
        return
    now = clock.now()
    for reversal in reversals:
        if {"full_name", "family_name", "given_name", "names"} & reversal.changes.keys():
            work_out(reversal.record)
    columns = [*TEXTS, "script", "sort_key", "match_key"]
    bulk.update_all(
        Party,
        [*columns, "version", "updated_at"],
        [
            {
                "id": r.record.id,
                "version": r.record.version + 1,
                "updated_at": now.isoformat(),
                **{name: getattr(r.record, name) for name in columns},
            }
            for r in reversals
        ],
    )
    ContactPoint.objects.filter(pk__in=[number for r in reversals for number in r.points]).delete()
    Relation.objects.filter(pk__in=[number for r in reversals for number in r.ties]).delete()
    FieldValue.objects.filter(pk__in=[number for r in reversals for number in r.values]).delete()
    FieldValue.objects.bulk_create(
        [
            FieldValue(
                party_id=r.record.id, field_id=row["field"], **{k: v for k, v in row.items() if k != "field"}
            )
            for r in reversals
            for row in r.put_back
        ],
        ignore_conflicts=True,
    )
    statuses = [{"id": number, "status": status} for r in reversals for number, status in r.restated.items()]
    bulk.update_all(ContactPoint, ["status"], statuses)
    bulk.update_all(
        Relation, ["title", "department", "seen_on"], [row for r in reversals for row in r.retold]
    )
    _take_tags_and_ids(reversals)
    record_rows(
        actor,
        operation,
        (
            Happened(
                signals.change_undone, _SUBJECT, r.record.id, r.record.full_name, r.record.id, r.changes, {},
                r.record.project_ids, r.record.confidentiality,
            )
            for r in reversals
        ),
    )  # fmt: skip
    index_parties(r.record.id for r in reversals)


def _take_tags_and_ids(reversals: Sequence[_Reversal]) -> None:
    by_tag: dict[int, list[int]] = defaultdict(list)
    by_system: dict[str, list[str]] = defaultdict(list)
    for reversal in reversals:
        for tag_id in reversal.tags:
            by_tag[tag_id].append(reversal.record.id)
        for system, value in reversal.ids:
            by_system[system].append(value)
    for tag_id, parties in by_tag.items():
        PartyTag.objects.filter(tag=tag_id, party__in=parties).delete()
    for system, values in by_system.items():
        ExternalId.objects.filter(system=system, value__in=values).delete()


def _bin(actor: Actor, operation: Operation, party_ids: Sequence[int]) -> None:
    """Into the recycle bin: off lists and search, restorable."""
    now = clock.now()
    for start in range(0, len(party_ids), CHUNK):
        chunk = party_ids[start : start + CHUNK]
        parties = list(
            Party.objects.unscoped("what the operation created")
            .filter(pk__in=chunk)
            .values_list("id", "kind", "full_name", "project_ids", "confidentiality", "version")
        )
        bulk.update_all(
            Party,
            ["deleted_at", "updated_at", "version"],
            [
                {
                    "id": row[0],
                    "deleted_at": now.isoformat(),
                    "updated_at": now.isoformat(),
                    "version": row[5] + 1,
                }
                for row in parties
            ],
        )
        for kind in {KINDS[Party.Kind(row[1])] for row in parties}:
            forget(kind, [row[0] for row in parties if KINDS[Party.Kind(row[1])] == kind])
        record_rows(
            actor,
            operation,
            (
                Happened(
                    signals.party_deleted,
                    _SUBJECT,
                    number,
                    name,
                    number,
                    {},
                    {},
                    project_ids,
                    confidentiality,
                )
                for number, _kind, name, project_ids, confidentiality, _version in parties
            ),
        )


def _drop_tags(operation: Operation) -> None:
    """Tags that only this import brought up and that nobody else has used since."""
    made = operation.data.get("tags", [])
    alive = PartyTag.objects.filter(tag__in=made, party__deleted_at__isnull=True)
    used = set(alive.values_list("tag_id", flat=True))
    for tag in Tag.objects.filter(pk__in=made).exclude(pk__in=used).order_by("-path"):
        if not tag.children.exists():
            tag.delete()
