"""Taking back what a corrected promise register brought in: promises go back to what they were, new ones are removed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.commitments import signals
from enishi.commitments.models import Promise, Task
from enishi.commitments.services import writing
from enishi.commitments.services.rules import DELETE, EDIT, locked
from enishi.contacts.services.importing import RIGHT, mark_undone
from enishi.timeline.models import Entry, Operation
from enishi.timeline.past import value_of
from enishi.timeline.services import part_of, plain
from enishi.timeline.undo import Conflict, Undoer, UndoPlan

LISTED = 300
_MADE, _CHANGED = signals.promise_made.code, signals.promise_changed.code


@dataclass
class _Back:
    """One promise on its way back. ``edited`` are the columns that say something else by now, with what they go back to."""

    promise: Promise
    entry_id: int
    made: bool
    columns: dict[str, Any] = field(default_factory=dict)
    edited: dict[str, Any] = field(default_factory=dict)

    def open(self) -> dict[str, str]:
        """The conflicts by their keys, with the column that each is about."""
        if self.made:
            return {str(self.promise.pk): ""} if self.edited else {}
        return {f"{self.promise.pk}:{column}": column for column in self.edited}


class UndoPromisesBack(Undoer):
    """What somebody edited since stays unless they say otherwise."""

    right: ClassVar[str] = RIGHT

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        counts = {"deleted": 0, "restored": 0}
        conflicts: list[Conflict] = []
        for back in _backs(actor, operation):
            found = list(_conflicts(back))
            if back.made:
                counts["deleted"] += not found
            else:
                counts["restored"] += bool(back.columns)
            conflicts += found
        return UndoPlan(counts, conflicts[:LISTED])

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        counts = {"deleted": 0, "restored": 0, "kept": 0}
        with part_of(operation):
            for back in _backs(actor, operation, lock=True):
                stays = {key for key in back.open() if keep is None or key in keep}
                counts["kept"] += len(stays)
                if back.made:
                    if not stays:
                        writing.remove(actor, back.promise)
                        counts["deleted"] += 1
                    continue
                wanted = back.columns | {
                    column: back.edited[column] for key, column in back.open().items() if key not in stays
                }
                counts["restored"] += _put_back(actor, back, wanted)
        mark_undone(actor, operation)
        return counts


def _put_back(actor: Actor, back: _Back, wanted: Mapping[str, Any]) -> bool:
    before = writing.snapshot(back.promise)
    for column, value in wanted.items():
        setattr(back.promise, column, value)
    if wanted:
        writing.put_back(actor, back.promise, before, undoes=back.entry_id)
    return bool(wanted)


def _backs(actor: Actor, operation: Operation, *, lock: bool = False) -> Iterator[_Back]:
    """What the operation did to promises that are still there and that the actor may change, the last first."""
    entries = Entry.objects.unscoped("the operation's own").filter(
        operation=operation, subject_type=Promise._meta.label_lower, event__in=[_MADE, _CHANGED]
    )
    found = list(entries.order_by("-pk"))
    promises = Promise.objects.visible_to(actor).select_related("project", "party", "owner")
    there = promises.in_bulk([entry.subject_id for entry in found])
    for entry in found:
        promise = there.get(entry.subject_id)
        made = entry.event == _MADE
        if promise is None or not actor.may(DELETE if made else EDIT, promise):
            continue
        yield _back(locked(Promise, promise.pk) if lock else promise, entry, made=made)


def _back(promise: Promise, entry: Entry, *, made: bool) -> _Back:
    back = _Back(promise, entry.pk, made)
    if made:
        tasks = Task.objects.unscoped("whether anything hangs on it").filter(promise=promise)
        used = promise.version > 1 or promise.proofs.exists() or tasks.exists()
        back.edited = {"": None} if used else {}
        return back
    now = writing.snapshot(promise)
    stored = {name: pair for name, pair in entry.changes.items() if name in now}
    for column, (was, became) in {**stored, **entry.data.get("_ids", {})}.items():
        stands = plain(now[column])
        if stands == became:
            back.columns[column] = value_of(Promise, column, was)
        elif stands != was:
            back.edited[column] = value_of(Promise, column, was)
    return back


def _conflicts(back: _Back) -> Iterator[Conflict]:
    promise = back.promise
    for key, column in back.open().items():
        name = column.removesuffix("_id")
        yield Conflict(
            key=key,
            subject=promise.title,
            field=str(getattr(Promise._meta.get_field(name), "verbose_name", name))
            if column
            else _("promise"),
            now=_words(getattr(promise, name)) if column else _("edited since"),
            back_to=_words(_named(name, back.edited[column])) if column else _("removed"),
            url=reverse("commitments:promise", args=[promise.pk]),
        )


def _named(name: str, value: Any) -> Any:
    related: Any = Promise._meta.get_field(name).related_model
    return related._base_manager.filter(pk=value).first() if related and value else value


def _words(value: Any) -> str:
    return "" if value is None else str(value)
