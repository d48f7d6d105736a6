"""Taking back what a corrected promise register brought in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import reverse

from enishi.accounts.access import Actor
from enishi.commitments import signals
from enishi.commitments.models import Promise, Task
from enishi.commitments.services import writing
from enishi.commitments.services.rules import DELETE, EDIT, CommitmentError, locked
from enishi.reports.services.returning.back import Back, UndoRows
from enishi.timeline.models import Entry, Operation
from enishi.timeline.past import value_of

_MADE, _CHANGED = signals.promise_made.code, signals.promise_changed.code


class UndoPromisesBack(UndoRows):
    def backs(self, actor: Actor, operation: Operation, *, lock: bool = False) -> Iterator[Back]:
        entries = Entry.objects.unscoped("the operation's own").filter(
            operation=operation, subject_type=Promise._meta.label_lower, event__in=[_MADE, _CHANGED]
        )
        found = list(entries.order_by("-pk"))
        promises = Promise.objects.visible_to(actor).select_related("project", "party", "owner")
        there = promises.in_bulk([entry.subject_id for entry in found])
        for entry in found:
            promise = there.get(entry.subject_id)
            made = entry.event == _MADE
            if promise is not None and actor.may(DELETE if made else EDIT, promise):
                yield _back(locked(Promise, promise.pk) if lock else promise, entry, made=made)

    def put_back(self, actor: Actor, back: Back, wanted: Mapping[str, Any]) -> bool:
        before = writing.snapshot(back.record)
        for column, value in wanted.items():
            setattr(back.record, column, value_of(Promise, column, value))
        try:
            writing.put_back(actor, back.record, before, undoes=back.entry.pk)
        except CommitmentError:
            return False
        return True

    def remove(self, actor: Actor, back: Back) -> None:
        writing.remove(actor, back.record)

    def address(self, record: Any) -> str:
        return reverse("commitments:promise", args=[record.pk])

    def label(self, column: str) -> str:
        name = column.removesuffix("_id")
        return str(getattr(Promise._meta.get_field(name), "verbose_name", name))

    def now(self, record: Any, column: str) -> Any:
        return getattr(record, column)

    def shown(self, column: str, value: Any) -> str:
        related: Any = Promise._meta.get_field(column.removesuffix("_id")).related_model
        if related and value:
            value = related._base_manager.filter(pk=value).first()
        return "" if value is None else str(value)


def _back(promise: Promise, entry: Entry, *, made: bool) -> Back:
    back = Back(promise, entry, made)
    if made:
        tasks = Task.objects.unscoped("whether anything hangs on it").filter(promise=promise)
        back.used = promise.version > 1 or promise.proofs.exists() or tasks.exists()
        return back
    now = writing.snapshot(promise)
    stored = {name: pair for name, pair in entry.changes.items() if name in now}
    for column, pair in {**stored, **entry.data.get("_ids", {})}.items():
        back.compare(column, pair, now[column])
    return back
