"""A contact while an import works on it: loaded with all that hangs on it, changed in memory, written with others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from enishi.contacts.models import Consent, ContactPoint, ExternalId, FieldValue, Party, PartyTag, Relation
from enishi.contacts.queries.whole import plain_value
from enishi.contacts.services.importing.prepared import Point, Value
from enishi.core import clock
from enishi.core.bulk import among

# What an import may set, in the order of the table.
TEXTS = (
    "full_name", "family_name", "given_name", "names", "honorific", "address_form", "greeting", "language",
    "time_zone", "birth_date", "note", "photo", "owner_id", "status", "project_ids",
)  # fmt: skip
DERIVED = ("script", "sort_key", "match_key")
_EMPTY: Mapping[str, Any] = {
    **dict.fromkeys((*TEXTS, *DERIVED), ""), "birth_date": None, "owner_id": None, "status": Party.Status.ACTIVE,
    "confidentiality": 1, "version": 1,
}  # fmt: skip


class Tie:
    """An affiliation. ``before`` holds what stood in the fields that the import changed."""

    __slots__ = (
        "before",
        "department",
        "evidence",
        "id",
        "name",
        "seen_on",
        "target_id",
        "title",
        "valid_from",
        "valid_until",
    )

    def __init__(
        self,
        target_id: int,
        name: str,
        *,
        title: str = "",
        department: str = "",
        seen_on: str | None = None,
        valid_from: str | None = None,
        valid_until: str | None = None,
        evidence: str = "",
        id: int | None = None,
    ) -> None:
        self.id, self.target_id, self.name, self.title, self.department = (
            id,
            target_id,
            name,
            title,
            department,
        )
        self.seen_on, self.valid_from, self.valid_until, self.evidence = (
            seen_on,
            valid_from,
            valid_until,
            evidence,
        )
        self.before: dict[str, Any] = {}

    def set(self, name: str, value: Any) -> None:
        old = getattr(self, name)
        if old != value:
            self.before.setdefault(name, old)
            setattr(self, name, value)

    def retold(self) -> dict[str, list[Any]]:
        """The fields that the import changed, before and after."""
        return {name: [old, getattr(self, name)] for name, old in self.before.items()}

    def described(self) -> dict[str, Any]:
        """As it stands in the history."""
        return {
            "type": "works-for",
            "target": self.target_id,
            "title": self.title,
            "department": self.department,
            "from": self.valid_from,
            "until": self.valid_until,
            "seen_on": self.seen_on,
        }


class Record:
    """The fields of a party as attributes, dates as ISO texts, and beside them what hangs on it.

    ``before`` is the snapshot to compare with, empty for a new one. The ``new_…`` lists are what the import added.
    """

    kind: str
    full_name: str
    family_name: str
    given_name: str
    names: dict[str, dict[str, str]]
    language: str
    script: str
    sort_key: str
    match_key: str
    note: str
    photo: str
    status: str
    project_ids: list[int]
    confidentiality: int
    version: int

    def __init__(self, id: int, *, is_new: bool, **values: Any) -> None:
        vars(self).update(_EMPTY)
        vars(self).update(values)
        self.id, self.is_new = id, is_new
        self.names, self.project_ids = dict(values.get("names") or {}), list(values["project_ids"])
        self.before: dict[str, Any] = {} if is_new else self.snapshot()
        self.points: list[Point] = []
        self.ids: set[tuple[str, str]] = set()
        self.ties: list[Tie] = []
        self.tags: dict[int, str] = {}
        self.values: list[Value] = []
        self.consents: dict[str, str] = {}
        self.new_points: list[Point] = []
        self.new_ties: list[Tie] = []
        self.new_tags: dict[int, str] = {}
        self.new_values: list[Value] = []
        self.old_values: list[Value] = []
        self.new_consents: list[tuple[str, str, dt.date | None]] = []
        self.added_ids: list[tuple[str, str]] = []
        self.restated: dict[int, str] = {}
        self.rows: list[int] = []

    @property
    def pk(self) -> int:
        return self.id

    def snapshot(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in TEXTS}
        found["names"] = {script: dict(parts) for script, parts in self.names.items()}
        found["project_ids"] = list(self.project_ids)
        return found

    def differences(self) -> dict[str, list[Any]]:
        """The fields that differ, with before and after; of a new contact those that are filled."""
        if self.is_new:
            filled = {"kind": self.kind, **{name: getattr(self, name) for name in TEXTS if name != "photo"}}
            return {name: [None, value] for name, value in filled.items() if value}
        return {name: [old, new] for name, old in self.before.items() if (new := getattr(self, name)) != old}

    def fingerprint(self) -> tuple[Any, ...]:
        """Differs when a row changed anything; rows only add, so what was added is counted."""
        return (
            *(getattr(self, name) for name in TEXTS),
            len(self.new_points), len(self.new_ties), len(self.new_tags), len(self.new_values), len(self.new_consents),
            len(self.added_ids), len(self.old_values), len(self.restated),
            *((tie.title, tie.department, tie.seen_on) for tie in self.ties),
        )  # fmt: skip

    @property
    def is_changed(self) -> bool:
        return bool(
            self.is_new
            or self.new_points
            or self.new_ties
            or self.new_tags
            or self.new_values
            or self.new_consents
            or self.added_ids
            or self.restated
            or any(tie.before for tie in self.ties)
            or any(getattr(self, name) != old for name, old in self.before.items())
        )


def load(ids: Iterable[int], *, lock: bool) -> dict[int, Record]:
    """These contacts, with what hangs on them, in eight queries; locked for a change that is about to come."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    parties = Party.objects.unscoped("the matching has chosen what the actor may change").present()
    if lock:
        parties = parties.select_for_update(no_key=True, of=("self",))
    columns = ("id", "kind", "confidentiality", "version", *TEXTS, *DERIVED)
    records = {
        row["id"]: Record(row.pop("id"), is_new=False, **{**row, "birth_date": _iso(row["birth_date"])})
        for row in parties.filter(pk__in=among(wanted)).order_by("pk").values(*columns)
    }
    found = list(records)
    points = (
        ContactPoint.objects.filter(party__in=among(found))
        .order_by("id")
        .values_list(
            "party_id", "kind", "label", "value", "typed", "key", "parts", "status", "is_primary", "id"
        )
    )
    for party_id, *point in points:
        records[party_id].points.append(Point(*point))
    for party_id, *pair in ExternalId.objects.filter(party__in=among(found)).values_list(
        "party_id", "system", "value"
    ):
        records[party_id].ids.add((pair[0], pair[1]))
    _load_ties(records, found)
    for party_id, tag_id, path in PartyTag.objects.filter(party__in=among(found)).values_list(
        "party_id", "tag_id", "tag__path"
    ):
        records[party_id].tags[tag_id] = path
    for value in FieldValue.objects.filter(party__in=among(found)).select_related("field").order_by("id"):
        records[value.party_id].values.append(_value(value))
    latest = (
        Consent.objects.filter(party__in=among(found))
        .order_by("party_id", "purpose_id", "-stated_on", "-id")
        .distinct("party_id", "purpose_id")
    )
    today = clock.today()
    rows = latest.values_list("party_id", "purpose__code", "state", "valid_until")
    for party_id, purpose, state, until in rows:
        # What ran out is as if nothing was stated: it may be given anew.
        if until is None or until >= today:
            records[party_id].consents[purpose] = state
    return records


def _load_ties(records: dict[int, Record], found: list[int]) -> None:
    ties = Relation.objects.filter(source__in=among(found), type__code="works-for").order_by("id")
    for row in ties.values_list(
        "source_id", "target_id", "target__full_name", "title", "department", "seen_on", "valid_from", "valid_until",
        "evidence", "id",
    ):  # fmt: skip
        source_id, target_id, name, title, department, seen_on, valid_from, valid_until, evidence, tie_id = (
            row
        )
        records[source_id].ties.append(
            Tie(
                target_id,
                name,
                title=title,
                department=department,
                seen_on=_iso(seen_on),
                valid_from=_iso(valid_from),
                valid_until=_iso(valid_until),
                evidence=evidence,
                id=tie_id,
            )
        )


def _value(value: FieldValue) -> Value:
    plain = plain_value(value)
    return Value(
        value.field_id,
        value.field.code,
        plain=plain.isoformat() if isinstance(plain, dt.date) else plain,
        text=value.text,
        folded=value.folded,
        number=str(value.number) if value.number is not None else None,
        currency=value.currency,
        date=_iso(value.date),
        flag=value.flag,
        several=value.field.kind == "choices",
        id=value.pk,
    )


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
