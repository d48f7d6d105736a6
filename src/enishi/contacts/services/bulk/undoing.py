"""Taking a bulk change back: set-wise, by the before and after of its entries, keeping what was edited since."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import Party
from enishi.contacts.queries import protected
from enishi.contacts.services.bulk.applying import BULK, CHUNK, write
from enishi.contacts.services.bulk.editors import Edited, Editor, build
from enishi.contacts.services.parties import EDIT, ContactError
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import plain, record_each
from enishi.timeline.undo import Conflict, UndoPlan, UndoRefused

MOST_CONFLICTS = 200


@dataclass
class _Batch:
    """Some of the changed parties: the value each gets back, and those that were edited since."""

    back: dict[int, Any] = field(default_factory=dict)
    edited: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    gone: int = 0


def _editor(actor: Actor, operation: Operation) -> Editor:
    code = operation.data["code"]
    if not protected.open_throughout(actor, code, EDIT):
        raise UndoRefused(_("This changed a field that no role lets you change everywhere."))
    try:
        return build(code, operation.data["value"])
    except ContactError as error:
        raise UndoRefused(str(error)) from None


def _entries(operation: Operation) -> Iterator[dict[int, list[Any]]]:
    """Before and after by party, a thousand at a time."""
    codes = [signals.party_changed.code, signals.party_deleted.code]
    entries = Entry.objects.unscoped("the inverse of an operation that the actor may take back").filter(
        operation=operation, event__in=codes
    )
    after = 0
    while found := list(
        entries.filter(pk__gt=after).order_by("pk").values_list("pk", "subject_id", "changes")[:CHUNK]
    ):
        after = found[-1][0]
        yield {subject_id: next(iter(changes.values())) for _pk, subject_id, changes in found}


def _within_reach(actor: Actor, editor: Editor) -> Q:
    """Limits nothing but for somebody who changes only certain people's contacts: what is handed on stays there."""
    limit = Q()
    for right in (BULK, editor.right):
        scope = actor.scope(right)
        if scope.owned:
            people = frozenset[int]().union(*(part.people for part in scope.owned))
            limit &= Party.owned_by(people) | (Party.scope_condition(scope.whole) or Q())
    return limit


def _batch(actor: Actor, editor: Editor, values: Mapping[int, list[Any]]) -> _Batch:
    alive = Party.objects.unscoped("the inverse of an operation").filter(
        _within_reach(actor, editor), pk__in=list(values), erased_at__isnull=True
    )
    alive = alive.filter(merged_into__isnull=True) if editor.code == "delete" else alive.present()
    present = set(alive.values_list("pk", flat=True))
    now = editor.current([party_id for party_id in values if party_id in present])
    found = _Batch(gone=len(values) - len(present))
    for party_id, current in now.items():
        before, after = values[party_id]
        try:
            value = editor.taken_back(plain(current), before, after)
        except Edited:
            found.edited[party_id] = (current, before)
        else:
            if value != plain(current):
                found.back[party_id] = value
    return found


def preview_undo(actor: Actor, operation: Operation) -> UndoPlan:
    """How many get their value back, and who was edited since."""
    editor, changed, kept = _editor(actor, operation), 0, 0
    conflicts: list[Conflict] = []
    for values in _entries(operation):
        batch = _batch(actor, editor, values)
        changed += len(batch.back)
        kept += len(batch.edited) + batch.gone
        conflicts += _conflicts(actor, editor, batch, room=MOST_CONFLICTS - len(conflicts))
    return UndoPlan({"changed": changed, "kept": kept}, conflicts)


def _conflicts(actor: Actor, editor: Editor, batch: _Batch, *, room: int) -> list[Conflict]:
    seen = Party.objects.visible_to(actor).filter(pk__in=list(batch.edited)).order_by("pk")[:room]
    return [
        Conflict(
            key=str(party.pk),
            subject=party.full_name,
            field=str(editor.label),
            now=editor.show(batch.edited[party.pk][0]),
            back_to=editor.show(batch.edited[party.pk][1]),
            url=reverse("contacts:party", args=[party.pk]),
        )
        for party in seen
    ]


@transaction.atomic
def undo(actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> dict[str, int]:
    """Give everybody the value of before; who was edited since keeps the edit unless left out of ``keep``."""
    editor, changed, kept = _editor(actor, operation), 0, 0
    asked = None if keep is None else {c.key for c in preview_undo(actor, operation).conflicts} - set(keep)
    for values in _entries(operation):
        batch = _batch(actor, editor, values)
        for party_id, (_now, before) in batch.edited.items():
            if asked is not None and str(party_id) in asked:
                batch.back[party_id] = before
            else:
                kept += 1
        kept += batch.gone
        changed += len(batch.back)
        if batch.back:
            _put_back(actor, editor, operation, batch.back)
    return {"changed": changed, "kept": kept}


def _put_back(actor: Actor, editor: Editor, operation: Operation, values: Mapping[int, Any]) -> None:
    ids = list(values)
    now = editor.current(ids)
    write(editor, values)
    parties = Party.objects.unscoped("just put back").filter(pk__in=ids)
    event = signals.party_restored if editor.code == "delete" else signals.change_undone
    record_each(
        actor,
        event,
        [(party, party.pk, {editor.field: (now[party.pk], values[party.pk])}) for party in parties],
        operation=operation,
    )
