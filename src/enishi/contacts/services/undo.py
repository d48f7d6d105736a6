"""Taking one change of a contact back, as far as nobody changed the same thing since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import (
    ContactPoint,
    ExternalId,
    Field,
    FieldValue,
    Party,
    PartyTag,
    Relation,
    RelationType,
    Tag,
)
from enishi.contacts.queries import protected
from enishi.contacts.queries.whole import plain_value
from enishi.contacts.services import parties, setup, ties
from enishi.contacts.services.searchable import index_parties
from enishi.timeline.models import Entry
from enishi.timeline.services import differences, plain, record

UNDOABLE = frozenset(event.code for event in (signals.party_changed, signals.change_undone))


@dataclass(frozen=True)
class Undone:
    """What was put back, and what stayed because it was changed again since; names as in the history."""

    party: Party
    restored: list[str]
    kept: list[str]


Changed = dict[str, tuple[Any, Any]]


@transaction.atomic
def undo_change(actor: Actor, party: Party, entry: Entry) -> Undone:
    """Put back what an entry changed, where the record still says what it said after it.

    Statements of consent are never undone. Raises ContactError when there is nothing left to put back.
    """
    actor.require(parties.EDIT, party)
    if entry.event == signals.consent_stated.code:
        raise parties.ContactError(
            _("A statement of consent is never undone. Write down the new statement instead.")
        )
    if entry.event not in UNDOABLE:
        raise parties.ContactError(_("This cannot be undone from here."))
    party = parties.locked(party)
    restored: Changed = {}
    kept: list[str] = []
    own: dict[str, Sequence[Any]] = {}
    for name, (before, after) in entry.changes.items():
        if not protected.may_change(actor, name, party):
            kept.append(name)
        elif name in parties.PARTY_FIELDS:
            own[name] = (before, after)
        elif (found := _undo_one(actor, party, name, before, after)) is None:
            kept.append(name)
        else:
            restored[name] = found
    fields, kept_fields = _undo_fields(actor, party, own)
    restored, kept = fields | restored, [*kept_fields, *kept]
    if not restored:
        raise parties.ContactError(_("This was changed again since, so nothing was undone."))
    parties.save_changed(party)
    parties.finish_change(
        actor, party, restored, event=signals.change_undone, data={"kept": kept} if kept else None
    )
    if "relation" in restored:
        _tell_other_end(actor, party, restored["relation"])
    return Undone(party, list(restored), kept)


def _undo_fields(
    actor: Actor, party: Party, changes: Mapping[str, Sequence[Any]]
) -> tuple[Changed, list[str]]:
    """Set the party's own columns back, unsaved."""
    snapshot = parties.snapshot(party)
    kept = [name for name, (_before, after) in changes.items() if plain(snapshot[name]) != after]
    for name, (before, _after) in changes.items():
        if name not in kept:
            setattr(party, name, _read(name, before, snapshot[name]))
    for project_id in set(party.project_ids) ^ set(snapshot["project_ids"]):
        actor.require_new(parties.EDIT, project_id, [snapshot["owner_id"]])
    parties.work_out(party)
    return differences(snapshot, parties.snapshot(party)), kept


def _read(name: str, before: Any, now: Any) -> Any:
    """A field as the history holds it, back in its own type; what was empty is empty in the way of its type."""
    if name == "birth_date":
        return dt.date.fromisoformat(before) if before else None
    if before is None and name != "owner_id":
        return type(now)()
    return before


def _undo_one(actor: Actor, party: Party, name: str, before: Any, after: Any) -> tuple[Any, Any] | None:
    kind, _colon, rest = name.partition(":")
    match kind:
        case "points":
            closed = {kind for kind in protected.REACH if not protected.may_change(actor, kind, party)}
            return _undo_points(party, _open(before, closed), _open(after, closed))
        case "tags":
            return _undo_tags(party, before or [], after or [])
        case "relation":
            return _undo_relation(actor, before, after)
        case "field":
            return _undo_value(party, rest, before, after)
        case "id":
            return _undo_external_id(party, rest, before, after)
    return None


def _open(told: list[dict[str, Any]] | None, closed: Collection[str]) -> list[dict[str, Any]]:
    return [one for one in told or [] if one["kind"] not in closed]


def _undo_points(
    party: Party, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> tuple[Any, Any] | None:
    now = {point.pk: point for point in party.points.order_by("id")}
    was = [plain(parties.describe(point)) for point in now.values()]
    told = {one["id"]: one for one in was}
    old, new = {one["id"]: one for one in before}, {one["id"]: one for one in after}
    wanted = [
        pk
        for pk in {**old, **new}
        if old.get(pk) != new.get(pk) and _stands(told.get(pk), old.get(pk), new.get(pk))
    ]
    for pk in wanted:
        if pk not in old:
            now[pk].delete()
    back = [_point(party, old[pk]) for pk in wanted if pk in old]
    # One first choice of each kind: none while they are exchanged.
    first = [point for point in back if point.is_primary]
    party.points.filter(pk__in=[point.pk for point in back]).update(is_primary=False)
    for point in back:
        point.is_primary = False
        point.save()
    for point in first:
        if not party.points.filter(kind=point.kind, is_primary=True).exists():
            party.points.filter(pk=point.pk).update(is_primary=True)
    return (was, [parties.describe(point) for point in party.points.order_by("id")]) if wanted else None


def _stands(
    now: Mapping[str, Any] | None, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> bool:
    """Whether a point is still as the change left it. Its place may be found later; only a change of it minds that."""

    def bare(told: Mapping[str, Any] | None) -> dict[str, Any]:
        return {name: value for name, value in (told or {}).items() if name != "place"}

    return now == new if bare(old) == bare(new) else bare(now) == bare(new)


def _point(party: Party, told: Mapping[str, Any]) -> ContactPoint:
    place = told.get("place") or {"latitude": None, "longitude": None, "source": ""}
    return ContactPoint(
        pk=told["id"],
        party=party,
        kind=told["kind"],
        label=told["label"],
        value=told["value"],
        typed=told.get("typed") or told["value"],
        key=told.get("key") or "",
        parts=told.get("parts") or {},
        status=told["status"],
        note=told.get("note") or "",
        is_primary=told["is_primary"],
        valid_from=told.get("from") and dt.date.fromisoformat(told["from"]),
        valid_until=told.get("until") and dt.date.fromisoformat(told["until"]),
        latitude=place["latitude"],
        longitude=place["longitude"],
        place_source=place["source"],
    )


def _undo_tags(party: Party, before: list[str], after: list[str]) -> tuple[Any, Any] | None:
    was = sorted(PartyTag.objects.filter(party=party).values_list("tag__path", flat=True))
    given = PartyTag.objects.filter(party=party, tag__path__in=set(after) - set(before))
    taken = Tag.objects.filter(path__in=set(before) - set(after), archived_at__isnull=True).exclude(
        path__in=was
    )
    given.delete()
    PartyTag.objects.bulk_create([PartyTag(party=party, tag=tag) for tag in taken], ignore_conflicts=True)
    now = sorted(PartyTag.objects.filter(party=party).values_list("tag__path", flat=True))
    return (was, now) if was != now else None


def _undo_relation(
    actor: Actor, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[Any, Any] | None:
    told = after or before or {}
    now = Relation.objects.filter(pk=int(told.get("id") or 0)).select_related("type").first()
    was = plain(ties.describe(now)) if now is not None else None
    if was != after:
        return None
    if now is not None and before is None:
        now.delete()
        return was, None
    if before is None:
        return None
    ends = Party.objects.visible_to(actor).filter(pk__in=[before["source"], before["target"]])
    kind = RelationType.objects.filter(code=before["type"]).first()
    if kind is None or ends.count() != 2:
        return None
    relation = Relation(
        pk=before["id"],
        type=kind,
        source_id=before["source"],
        target_id=before["target"],
        title=before["title"],
        department=before["department"],
        valid_from=before["from"] and dt.date.fromisoformat(before["from"]),
        valid_until=before["until"] and dt.date.fromisoformat(before["until"]),
        seen_on=before["seen_on"] and dt.date.fromisoformat(before["seen_on"]),
        evidence=before["evidence"],
    )
    others = Relation.objects.exclude(pk=relation.pk).filter(
        source=relation.source_id, target=relation.target_id, type=kind, valid_from=relation.valid_from
    )
    if others.exists():
        return None
    relation.save()
    return was, ties.describe(relation)


def _tell_other_end(actor: Actor, party: Party, change: tuple[Any, Any]) -> None:
    told = change[0] or change[1]
    other_id = told["target"] if told["source"] == party.pk else told["source"]
    other = Party.objects.unscoped("the other end of a relation the actor may change").get(pk=other_id)
    index_parties([other.pk])
    record(actor, signals.change_undone, subject=other, party_id=other.pk, changes={"relation": change})


def _undo_value(party: Party, code: str, before: Any, after: Any) -> tuple[Any, Any] | None:
    field = Field.objects.filter(code=code, archived_at__isnull=True).first()
    if field is None:
        return None
    stored = FieldValue.objects.filter(party=party, field=field).order_by("id").select_related("field")
    was = [plain(plain_value(value)) for value in stored]
    if was != after:
        return None
    try:
        made = setup.read_value(field, before)
    except parties.ContactError:
        # A choice that was dropped from the field since.
        return None
    stored.delete()
    for value in made:
        value.party = party
    FieldValue.objects.bulk_create(made)
    return was, [plain_value(value) for value in made]


def _undo_external_id(party: Party, system: str, before: Any, after: Any) -> tuple[Any, Any] | None:
    stored = ExternalId.objects.filter(party=party, system=system)
    was = stored.values_list("value", flat=True).first() or ""
    if was != after or (before and ExternalId.objects.filter(system=system, value=before).exists()):
        return None
    stored.delete()
    if before:
        ExternalId.objects.create(party=party, system=system, value=before)
    return was, before
