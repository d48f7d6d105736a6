"""Two records of one person become one: what would happen, and doing it as one operation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import (
    Consent,
    ContactPoint,
    DuplicatePair,
    ExternalId,
    Party,
    PartyTag,
    Relation,
)
from enishi.contacts.queries.columns import visible_end
from enishi.contacts.queries.protected import hidden, shown_points
from enishi.contacts.services.merging.lines import (
    Facts,
    Line,
    PointLine,
    consent_lines,
    counting,
    facts,
    field_lines,
    merged_columns,
    point_lines,
    rule,
    value_lines,
)
from enishi.contacts.services.merging.moving import Moved, links, move
from enishi.contacts.services.merging.values import move_values
from enishi.contacts.services.parties import ContactError, save_changed, work_out
from enishi.contacts.services.searchable import index_parties
from enishi.contacts.services.ties import refresh_search
from enishi.core import clock
from enishi.timeline.models import Family, Operation
from enishi.timeline.queries import family_counts
from enishi.timeline.services import (
    differences,
    finish_operation,
    move_items,
    plain,
    reclassify,
    record,
    record_each,
    start_operation,
)

MERGE = "contacts.merge"
KIND = "contacts.merge"


@dataclass(frozen=True)
class MergePreview:
    """What a merge would do. ``moves``: what goes to the record that stays, within the reader's rights, counted."""

    kept: Party
    gone: Party
    lines: Sequence[Line]
    points: Sequence[PointLine]
    moves: Sequence[tuple[Any, int]]

    @property
    def total(self) -> int:
        return sum(n for _label, n in self.moves) + sum(line.stays is None for line in self.points)

    @property
    def settled(self) -> int:
        """How many conflicts a rule decided."""
        return sum(bool(line.mode == "rule" and line.a and line.a != line.b) for line in self.lines)


def preview_merge(actor: Actor, kept: Party, gone: Party) -> MergePreview:
    """Say what merging ``gone`` into ``kept`` would do; writes nothing. Raises ContactError, Forbidden."""
    _check(actor, kept, gone)
    found = facts(actor, kept, gone)
    unseen = hidden(actor, kept, gone)
    return MergePreview(
        kept=kept,
        gone=gone,
        lines=[line for line in _lines(kept, gone, found) if line.code not in unseen],
        points=point_lines(kept, gone, found, unseen),
        moves=[(label, n) for label, n in _moves(actor, gone) if n],
    )


def _lines(kept: Party, gone: Party, found: Facts) -> list[Line]:
    return [
        *field_lines(kept, gone),
        *value_lines(kept, gone, found),
        *consent_lines(kept, gone, found),
    ]


def _moves(actor: Actor, gone: Party) -> list[tuple[Any, int]]:
    counts = family_counts(actor, [gone.pk])
    ties = Relation.objects.filter(
        Q(source=gone) & visible_end(actor, "target") | Q(target=gone) & visible_end(actor, "source")
    )
    return [
        *((label, counts.get(family, 0)) for family, label in Family.choices if family != Family.CHANGE),
        (_("Relations"), ties.count()),
        (_("Tags"), PartyTag.objects.filter(party=gone).count()),
        (_("Consents"), Consent.objects.filter(party=gone).count()),
        (_("Ids in other systems"), ExternalId.objects.filter(party=gone).count()),
    ]


def _check(actor: Actor, kept: Party, gone: Party) -> None:
    actor.require(MERGE, kept.project_ids)
    actor.require(MERGE, gone.project_ids)
    if kept.pk == gone.pk:
        raise ContactError(_("A contact cannot be merged with itself. Choose another one."))
    if kept.deleted_at is not None or gone.deleted_at is not None:
        raise ContactError(_("One of the two is in the recycle bin. Restore it first."))
    if kept.is_person != gone.is_person:
        raise ContactError(
            _(
                "A person cannot be merged with an organisation or a group. Change the kind of one of them first."
            )
        )


@transaction.atomic
def merge(
    actor: Actor,
    *,
    kept: Party,
    gone: Party,
    choices: Mapping[str, str] | None = None,
    leave_points: Collection[int] = (),
) -> Operation:
    """Make one record of two: ``gone`` goes to the recycle bin, everything it had moves to ``kept``.

    ``choices`` says by the code of a line of the preview which side counts (a: kept, b: gone, both); what is not named
    is settled as the preview shows it. ``leave_points`` are ids of ways to reach ``gone`` that stay with the old
    record. Records one operation that can be undone; raises ContactError, Forbidden.
    """
    kept, gone = _locked(kept, gone)
    _check(actor, kept, gone)
    found = facts(actor, kept, gone)
    lines = _lines(kept, gone, found)
    # What somebody does not see is settled as it would be if they had chosen nothing.
    unseen = hidden(actor, kept, gone)
    picked = _picked(lines, {code: side for code, side in (choices or {}).items() if code not in unseen})
    before = _snapshot(kept)
    operation = start_operation(
        actor,
        kind=KIND,
        label=_("%(gone)s merged into %(kept)s") % {"gone": gone.full_name, "kept": kept.full_name},
        project_ids=sorted({*kept.project_ids, *gone.project_ids}),
        confidentiality=max(kept.confidentiality, gone.confidentiality),
    )
    for name, value in merged_columns(kept, gone, picked, lines).items():
        setattr(kept, name, value)
    if gone.last_contact_at and (not kept.last_contact_at or gone.last_contact_at > kept.last_contact_at):
        kept.last_contact_at, kept.last_channel = gone.last_contact_at, gone.last_channel
    work_out(kept)
    save_changed(kept)
    demoted = _demote(kept, gone, found)
    swaps = move_values(kept, gone, picked, lines)
    moved = _move(kept, gone, found, {pk for pk in leave_points if pk in _open_points(gone, found, unseen)})
    items = move_items(gone.pk, kept.pk)
    _state_stricter(kept, gone, found)
    gone.merged_into, gone.deleted_at = kept, clock.now()
    save_changed(gone)
    _carry_differences(kept, gone)
    index_parties([kept.pk, gone.pk])
    refresh_search([kept.pk, gone.pk])
    reclassify(kept, project_ids=kept.project_ids, confidentiality=kept.confidentiality)
    changes = differences(before, _snapshot(kept))
    operation.data = {
        "kept": kept.pk,
        "gone": gone.pk,
        "fields": {name: [plain(old), plain(new)] for name, (old, new) in changes.items()},
        "moved": moved,
        "items": items,
        "demoted": demoted,
        "values": swaps,
    }
    operation.save(update_fields=["data"])
    count = sum(map(len, moved.values()))
    finish_operation(operation, counts={"moved": count})
    record_each(
        actor,
        signals.party_merged,
        [(gone, gone.pk, {"merged_into": (None, kept.pk)})],
        operation=operation,
    )
    record(
        actor,
        signals.party_merged,
        subject=kept,
        party_id=kept.pk,
        changes={name: pair for name, pair in changes.items() if name not in _WORKED_OUT},
        data={"gone": gone.pk, "moved": count},
        operation=operation,
    )
    return operation


_WORKED_OUT = {"script", "sort_key", "match_key", "last_channel"}
SNAPSHOT = (
    "full_name", "family_name", "given_name", "names", "honorific", "address_form", "greeting", "language",
    "time_zone", "birth_date", "note", "photo", "owner_id", "status", "project_ids", "confidentiality",
    "last_contact_at", "last_channel",
)  # fmt: skip


def _snapshot(party: Party) -> dict[str, Any]:
    return {name: getattr(party, name) for name in SNAPSHOT}


def _locked(kept: Party, gone: Party) -> tuple[Party, Party]:
    """Both rows, locked in the order of their ids, so that two merges never wait for each other."""
    rows = Party.objects.unscoped("locked for a merge that the actor may make").filter(
        pk__in=[kept.pk, gone.pk]
    )
    found = {row.pk: row for row in rows.order_by("pk").select_for_update(no_key=True, of=("self",))}
    return found[kept.pk], found[gone.pk]


def _picked(lines: Sequence[Line], choices: Mapping[str, str]) -> dict[str, str]:
    """What counts for each line; raises ContactError for a choice that a line does not offer."""
    picked = {}
    for line in lines:
        offered = {"one": {"a", "b"}, "both": {"a", "b", "both"}, "rule": {line.chosen}}[line.mode]
        side = choices.get(line.code, line.chosen)
        if side not in offered:
            raise ContactError(_("Choose one of the two for “%(field)s”.") % {"field": line.label}, line.code)
        picked[line.code] = side
    return picked


def _demote(kept: Party, gone: Party, found: Facts) -> list[int]:
    """Of two first choices of one kind the one of the record that stays remains."""
    kinds = {point.kind for point in found.points[kept.pk] if point.is_primary}
    second = [p.pk for p in found.points[gone.pk] if p.is_primary and p.kind in kinds]
    ContactPoint.objects.filter(pk__in=second).update(is_primary=False)
    return second


def _move(kept: Party, gone: Party, found: Facts, leave_points: Collection[int]) -> Moved:
    known = {(point.kind, point.value) for point in found.points[kept.pk]}
    points = [
        point.pk
        for point in found.points[gone.pk]
        if (point.kind, point.value) not in known and point.pk not in leave_points
    ]
    moved = {
        link.key: move(link, gone, kept, ids=points if link.model is ContactPoint else None)
        for link in links()
    }
    return {key: ids for key, ids in moved.items() if ids}


def _open_points(gone: Party, found: Facts, unseen: Collection[str]) -> set[int]:
    """Ways to reach the one that goes about which somebody may choose; the others move."""
    return {point.pk for point in shown_points(found.points[gone.pk], unseen)}


def _state_stricter(kept: Party, gone: Party, found: Facts) -> None:
    """Statements of one day: write the stricter one down again, so that it is the last and counts."""
    for purpose_id, theirs in found.consents[gone.pk].items():
        ours = found.consents[kept.pk].get(purpose_id)
        if ours is None or ours.stated_on != theirs.stated_on:
            continue
        if (ours.state, ours.valid_until) == (theirs.state, theirs.valid_until):
            continue
        strict = counting(ours, theirs)
        if strict.pk < max(ours.pk, theirs.pk):
            Consent.objects.create(
                party=kept,
                purpose_id=purpose_id,
                state=strict.state,
                basis=strict.basis,
                text_id=strict.text_id,
                evidence=rule(ours, theirs),
                stated_on=strict.stated_on,
                valid_until=strict.valid_until,
                created_at=clock.now(),
            )


def _carry_differences(kept: Party, gone: Party) -> None:
    """Who was not the same as the old record is not the same as the one that stays."""
    pairs = DuplicatePair.objects.filter(Q(first=gone) | Q(second=gone), state=DuplicatePair.State.DIFFERENT)
    others = {pair.first_id if pair.second_id == gone.pk else pair.second_id for pair in pairs} - {kept.pk}
    DuplicatePair.objects.bulk_create(
        [
            DuplicatePair(
                first_id=min(other, kept.pk),
                second_id=max(other, kept.pk),
                state=DuplicatePair.State.DIFFERENT,
            )
            for other in others
        ],
        update_conflicts=True,
        unique_fields=["first", "second"],
        update_fields=["state"],
    )
