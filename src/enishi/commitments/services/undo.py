"""Taking back one's own last change, by the history entry that holds what was before."""

from __future__ import annotations

from typing import cast

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.commitments import signals
from enishi.commitments.models import Contribution, Promise, Proof, Series, Task
from enishi.commitments.services import giving, rules, writing
from enishi.commitments.services.rules import DELETE, EDIT, C, CommitmentError
from enishi.commitments.services.series import end_series, resume_series
from enishi.timeline.models import Entry
from enishi.timeline.past import value_of
from enishi.timeline.services import plain, record

_DELETED = {signals.promise_deleted.code, signals.task_deleted.code}
_CHANGED = {
    event.code
    for event in (
        signals.promise_changed, signals.promise_started, signals.promise_done, signals.promise_settled, signals.promise_reopened,
        signals.task_changed, signals.task_done, signals.task_reopened,
    )
}  # fmt: skip


@transaction.atomic
def undo(actor: Actor, entry_id: int) -> Promise | Task | Series:
    """Take back a change that the actor made; returns the record as it is then.

    Raises Entry.DoesNotExist for a change of somebody else, CommitmentError when the record was changed since.
    """
    entry = Entry.objects.unscoped("one's own change").get(
        pk=entry_id, user_id=actor.user_id or 0, event__startswith="commitments."
    )
    if entry.subject_type == "commitments.series":
        return _undo_series(actor, entry)
    if entry.subject_type not in {"commitments.promise", "commitments.task"}:
        raise CommitmentError(_("This cannot be undone."))
    model: type[Promise] | type[Task] = Promise if entry.subject_type == "commitments.promise" else Task
    if entry.event in giving.EVENTS:
        return giving.take_back(actor, entry)
    if entry.event in _DELETED:
        return _bring_back(actor, entry, model)
    if entry.event in _CHANGED:
        return _put_back(actor, entry, model)
    raise CommitmentError(_("This cannot be undone."))


def _undo_series(actor: Actor, entry: Entry) -> Series:
    series = Series.objects.unscoped("one's own change").select_related("project").get(pk=entry.subject_id)
    if entry.event == signals.series_ended.code:
        resume_series(actor, series)
    elif entry.event == signals.series_resumed.code:
        end_series(actor, series)
    else:
        raise CommitmentError(_("This cannot be undone."))
    return series


def _put_back(actor: Actor, entry: Entry, model: type[C]) -> C:
    row = rules.locked(model, entry.subject_id)
    actor.require(EDIT, row)
    before = writing.snapshot(row)
    stored = {name: pair for name, pair in entry.changes.items() if name in before}
    for column, (was, became) in {**stored, **entry.data.get("_ids", {})}.items():
        if plain(before[column]) != became:
            raise CommitmentError(_("It has been changed since, so the earlier change cannot be taken back."))
        setattr(row, column, value_of(model, column, was))
    actor.require_new(EDIT, row.project_id, [before["owner_id"]])
    writing.put_back(actor, row, before, undoes=entry.pk)
    return row


def _bring_back(actor: Actor, entry: Entry, model: type[C]) -> C:
    """Make a deleted record again from the history, under its old number, with its proofs and tasks."""
    image = {column: value_of(model, column, value) for column, value in entry.data["_image"].items()}
    actor.require_new(DELETE, image["project_id"], [image.get("owner_id")])
    if model.objects.unscoped("is it back already").filter(pk=entry.subject_id).exists():
        raise CommitmentError(_("It is back already."))
    known = set(
        User.objects.filter(pk__in=[image.get("owner_id"), image.get("settled_by_id")]).values_list(
            "pk", flat=True
        )
    )
    for column in {"owner_id", "settled_by_id"} & set(image):
        image[column] = image[column] if image[column] in known else None
    row = model(**image)
    row.save(force_insert=True)
    if isinstance(row, Promise):
        for given in entry.data.get("_contributions", ()):
            Contribution(
                **{column: value_of(Contribution, column, value) for column, value in given.items()}
            ).save(force_insert=True)
        for proof in entry.data["_proofs"]:
            Proof(**{column: value_of(Proof, column, value) for column, value in proof.items()}).save(
                force_insert=True
            )
        Task.objects.unscoped("links that the deletion cut").filter(
            pk__in=entry.data["_tasks"], promise=None
        ).update(promise_id=row.pk)
    writing.keep_up([row])
    event = signals.promise_restored if isinstance(row, Promise) else signals.task_restored
    record(actor, event, subject=row, party_id=row.party_id, data={"_undoes": entry.pk})
    return cast(C, row)
