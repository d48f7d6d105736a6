"""Contacts as they stood at a moment, with what hung on them, and what hung where before they were merged."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from django.db import models

from enishi.accounts.branches import BETWEEN
from enishi.contacts import signals
from enishi.contacts.models import Consent, ContactPoint, Party, PartyTag, Relation, RelationType, Tag
from enishi.contacts.services.parties import work_out
from enishi.core.personal import STRUCK
from enishi.timeline.models import Entry
from enishi.timeline.past import (
    Deed,
    Hanging,
    Past,
    Recorded,
    Row,
    Sheet,
    Turn,
    Untold,
    Winding,
    entries_since,
    value_of,
)

_KEYS = ("full_name", "script", "sort_key", "match_key")


class Parties(Recorded):
    """Whoever was erased stays erased."""

    model = Party
    made = frozenset({signals.party_created.code, signals.party_imported.code})

    def before(self, entry: Entry, row: Row | None) -> Row | None:
        if row is None or row["erased_at"] is not None:
            return row
        row = {**row, **self.columns(entry)}
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

    def settled(self, rows: Sequence[Row]) -> None:
        """The order of names follows the names of then."""
        for row in rows:
            if row["erased_at"] is None:
                party = Party(**row)
                work_out(party)
                row.update({name: getattr(party, name) for name in _KEYS})


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


def _told(value: Any) -> dict[int, dict[str, Any]]:
    """The things of a list in the history, by their numbers, without what was erased. Raises Untold where it lacks them."""
    found = [] if value is None or value == STRUCK else [one for one in value if one != STRUCK]
    if any(not isinstance(one, dict) or "id" not in one for one in found):
        raise Untold
    return {one["id"]: one for one in found}


def _of(entry: Entry, name: str) -> dict[str, Any]:
    """What an entry keeps beside the changes under a name; nothing where that was erased."""
    found = entry.data.get(name)
    return found if isinstance(found, dict) else {}


def _columns(model: type[models.Model], names: Mapping[str, str], told: Mapping[str, Any]) -> Row:
    """The columns of a thing that the history tells with its number, by the names that it has there."""
    found = {column: value_of(model, column, told[name]) for name, column in names.items() if name in told}
    return {"id": told["id"], **found}


def _none(_row: Row | None) -> Row | None:
    return None


class Points(Past):
    """Ways to reach somebody: the history tells each with its number."""

    model = ContactPoint
    columns: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("kind", "label", "value", "status", "is_primary", "typed", "key", "parts", "note")},
        "from": "valid_from",
        "until": "valid_until",
    }  # fmt: skip

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        for entry in entries_since(Party, since):
            if "points" not in entry.changes:
                continue
            before, after = map(_told, entry.changes["points"])
            for pk in {**before, **after}:
                if before.get(pk) != after.get(pk):
                    yield Turn(entry.at, entry.pk, pk, self._back(before.get(pk), entry.subject_id))
        yield from merges_since("contacts.contactpoint.party", since)
        for entry in _merges(since):
            assert entry.operation is not None
            for pk in entry.operation.data["demoted"]:
                first = entry.event == signals.party_merged.code
                yield Turn(entry.at, entry.pk, pk, _set({"is_primary": first}))

    def _back(self, told: Mapping[str, Any] | None, party_id: int) -> Winding:
        if told is None:
            return _none
        return _set({"party_id": party_id, **_columns(ContactPoint, self.columns, told)}, new=True)


def _set(columns: Row, *, new: bool = False) -> Winding:
    """Give a row these values; ``new``: also where there is none any more."""
    return lambda row: {**(row or {}), **columns} if row is not None or new else None


class Relations(Past):
    """Relations: each change is told at both ends, with the number; imports tell their own at one."""

    model = Relation
    columns: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("title", "department", "seen_on", "evidence")},
        "source": "source_id",
        "target": "target_id",
        "from": "valid_from",
        "until": "valid_until",
    }

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        self._types = dict(RelationType.objects.values_list("code", "pk"))
        for entry in entries_since(Party, since):
            for pk, before in self._before(entry):
                yield Turn(entry.at, entry.pk, pk, self._back(before))
            for number, fields in _of(entry, "retold").items():
                yield Turn(
                    entry.at, entry.pk, int(number), _set({name: old for name, (old, _new) in fields.items()})
                )
        yield from merges_since("contacts.relation.source", since)
        yield from merges_since("contacts.relation.target", since)

    @staticmethod
    def _before(entry: Entry) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """The relations that an entry tells of, as they were before it."""
        before, after = map(
            _told, ([one] if one else [] for one in entry.changes.get("relation", (None, None)))
        )
        for pk in {**before, **after}:
            yield pk, before.get(pk)
        if "relations" in entry.changes:
            yield from _told(entry.changes["relations"][0]).items()
        for pk in _of(entry, "added").get("ties", ()):
            yield pk, None

    def _back(self, told: Mapping[str, Any] | None) -> Winding:
        if told is None:
            return _none
        kind = self._types.get(told["type"])
        return _set({"type_id": kind, **_columns(Relation, self.columns, told)}, new=True)


class Consents(Past):
    """Statements are only ever added."""

    model = Consent

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        later = Consent.objects.filter(created_at__gt=since).values_list("pk", "created_at")
        for pk, at in later:
            yield Turn(at, 0, pk, _none)
        yield from merges_since("contacts.consent.party", since)


class Tagged(Hanging):
    """What bears which tag: the history of ``subject`` tells it by their ways down."""

    subject: ClassVar[type[models.Model]]

    def deeds(self, since: dt.datetime) -> Iterable[Deed]:
        paths = _Paths(since)
        for entry in entries_since(self.subject, since):
            if STRUCK not in entry.changes.get("tags", [STRUCK]):
                before, after = (set(told or ()) for told in entry.changes["tags"])
                gone = paths.tags(after - before, entry)
                back = paths.tags(before - after, entry)
                yield Deed(entry.at, entry.pk, self._undo(entry.subject_id, gone, back), (entry.subject_id,))

    def _undo(self, pk: int, gone: set[int], back: set[int]) -> Callable[[Sheet], None]:
        def undo(sheet: Sheet) -> None:
            held = sheet.of(pk)
            for row in held:
                if row["tag_id"] in gone:
                    sheet.drop(row["id"])
            for tag_id in back - {row["tag_id"] for row in held}:
                sheet.put({self.parent: pk, "tag_id": tag_id})

        return undo


class PartyTags(Tagged):
    model, subject, parent = PartyTag, Party, "party_id"

    def deeds(self, since: dt.datetime) -> Iterable[Deed]:
        yield from super().deeds(since)
        yield from turned(merges_since("contacts.partytag.party", since))


def turned(turns: Iterable[Turn]) -> Iterator[Deed]:
    """What happened to single rows, among what is told in lists."""
    for turn in turns:
        yield Deed(turn.at, turn.order, partial(Sheet.turn, turn=turn), rows=(turn.pk,))


class _Paths:
    """Which tags ways down meant at a moment: a tag may have been renamed or moved since."""

    def __init__(self, since: dt.datetime) -> None:
        entries = Entry.objects.unscoped("names of tags, which are everybody's").filter(
            subject_type=Tag._meta.label_lower, at__gt=since, changes__has_key="path"
        )
        self._renamed = [((one.at, one.pk), *one.changes["path"]) for one in entries.order_by("at", "pk")]
        self._now: dict[str, set[int]] = defaultdict(set)
        for pk, path in Tag.objects.values_list("pk", "path"):
            self._now[path].add(pk)

    def tags(self, paths: Iterable[str], told: Entry) -> set[int]:
        """The tags of the ways that an entry tells; what was merged or deleted since is none any more."""
        return {pk for path in paths for pk in sorted(self._now.get(self._forward(path, told), ()))[:1]}

    def _forward(self, path: str, told: Entry) -> str:
        for place, before, after in self._renamed:
            if place > (told.at, told.pk) and before and (path + BETWEEN).startswith(before + BETWEEN):
                path = after + path[len(before) :]
        return path
