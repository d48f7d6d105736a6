"""Writing promises and tasks: what is saved, and the history, search and timelines that follow it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.commitments import signals
from enishi.commitments.models import Commitment, Promise, Task
from enishi.commitments.services import rules
from enishi.commitments.services.rules import DELETE, EDIT, C, CommitmentError
from enishi.core.events import Event
from enishi.core.text import clean
from enishi.search.models import Kind
from enishi.search.services import Findable, forget, index
from enishi.timeline.models import Entry, Family
from enishi.timeline.services import differences, displace, place, reclassify


@dataclass(frozen=True)
class Nature:
    """In what writing a promise differs from writing a task. ``fields`` are what people change, ``editable`` in a form."""

    fields: tuple[str, ...]
    editable: frozenset[str]
    kind: Kind
    family: Family
    made: Event
    changed: Event
    deleted: Event


_NATURES: dict[type[Commitment], Nature] = {
    Promise: Nature(
        fields=(
            "project_id", "direction", "negative", "title", "detail", "party_id", "owner_id", "due_at", "started_at",
            "done_at", "state", "settled_at", "settled_by_id", "outcome", "duty_id", "evidence", "amount", "currency", "purpose",
            "for_people", "quote", "said_in_id", "said_via", "said_at", "said_start",
            "said_end", "confidentiality",
        ),
        editable=frozenset(
            {"project", "direction", "negative", "title", "detail", "party", "owner", "due_at", "evidence", "money", "purpose",
             "for_people", "quote", "confidentiality"}
        ),
        kind=Kind.PROMISE,
        family=Family.PROMISE,
        made=signals.promise_made,
        changed=signals.promise_changed,
        deleted=signals.promise_deleted,
    ),
    Task: Nature(
        fields=(
            "project_id", "title", "detail", "party_id", "owner_id", "promise_id", "due_at", "done_at", "said_in_id",
            "said_start", "said_end", "quote", "confidentiality",
        ),
        editable=frozenset(
            {"project", "title", "detail", "party", "owner", "promise", "due_at", "confidentiality"}
        ),
        kind=Kind.TASK,
        family=Family.TASK,
        made=signals.task_made,
        changed=signals.task_changed,
        deleted=signals.task_deleted,
    ),
}  # fmt: skip


def snapshot(row: Promise | Task) -> dict[str, Any]:
    """The fields that people change, for before and after."""
    return {name: getattr(row, name) for name in _NATURES[type(row)].fields}


def levels(row: Promise | Task) -> list[int]:
    """The confidentiality of what it hangs on: its person, the promise that a task serves, the duty of a promise."""
    hangs_on = [row.party, row.promise if isinstance(row, Task) else row.duty]
    return [one.confidentiality for one in hangs_on if one is not None]


def classify(actor: Actor, row: Promise | Task, wanted: int | None) -> None:
    """Give a new row its level, and check that its person and its owner fit."""
    row.confidentiality = rules.level(actor, row.project, wanted, *levels(row))
    rules.check_party(row.project, row.party)
    rules.check_owner(row.project, row.owner, row.confidentiality)


def save_new(actor: Actor, rows: Sequence[C]) -> None:
    """Insert rows of one kind with their history, places and words."""
    if not rows:
        return
    manager: models.Manager[Any] = type(rows[0]).objects
    manager.bulk_create(rows)
    keep_up(rows)
    for row in rows:
        given = {
            name: value
            for name, value in snapshot(row).items()
            if value not in (None, "") and value is not False
        }
        rules.write_history(actor, _NATURES[type(row)].made, row, differences({}, given))


def keep_up(rows: Iterable[Promise | Task]) -> None:
    """Bring search and timelines after saved rows."""
    saved = list(rows)
    index([findable(row) for row in saved])
    for row in saved:
        place(
            row,
            party_ids=[row.party_id] if row.party_id else [],
            family=_NATURES[type(row)].family,
            channel=row.said_via if isinstance(row, Promise) else "",
            occurred_at=row.shown_at,
            project_ids=row.projects,
            confidentiality=row.confidentiality,
        )


def findable(row: Promise | Task) -> Findable:
    name = row.party.full_name if row.party else ""
    outcome = row.outcome if isinstance(row, Promise) else ""
    return Findable(
        kind=_NATURES[type(row)].kind,
        subject_id=row.pk,
        title=row.title,
        detail=name,
        words=[row.title, name],
        body=" ".join(filter(None, [row.detail, row.quote, outcome])),
        project_ids=row.projects,
        confidentiality=row.confidentiality,
        language=row.party.language if isinstance(row, Promise) and row.party else "",
    )


def finish(actor: Actor, row: C, event: Event, before: Mapping[str, Any], **data: Any) -> C:
    """Save a changed row and everything that follows it; nothing when nothing differs."""
    changes = differences(before, snapshot(row))
    if not changes:
        return row
    if isinstance(row, Promise) and "currency" in changes and row.contributions.exists():
        raise CommitmentError(
            _("A part of it was given in %(currency)s already, so its currency stays.")
            % {"currency": before["currency"]},
            "money",
        )
    rules.save(row)
    keep_up([row])
    if {"project_id", "confidentiality"} & set(changes):
        reclassify(row, project_ids=row.projects, confidentiality=row.confidentiality)
    row.undo_entry = rules.write_history(actor, event, row, changes, **data).pk
    return row


def altered(actor: Actor, row: C, version: int | None, values: Mapping[str, Any]) -> tuple[C, dict[str, Any]]:
    """The row locked and with its new values, not saved yet, and what it was before.

    Raises Conflict when ``version`` is out of date, CommitmentError for what cannot be used.
    """
    unknown = set(values) - _NATURES[type(row)].editable
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    actor.require(EDIT, row)
    row = rules.locked(type(row), row.pk, version)
    before = snapshot(row)
    for name, value in values.items():
        setattr(row, name, value)
    actor.require_new(EDIT, row.project_id, [before["owner_id"]])
    row.title = rules.words(row.title)
    row.detail = clean(row.detail).strip()
    row.confidentiality = rules.level(
        actor,
        row.project,
        row.confidentiality,
        rules.level_of_talk(row.said_in_id),
        rules.level_of_ties(row._meta.label_lower, row.pk),
        *levels(row),
    )
    rules.check_party(row.project, row.party)
    if (
        row.owner_id != before["owner_id"]
        or row.confidentiality > before["confidentiality"]
        or row.project_id != before["project_id"]
    ):
        subject = (row._meta.label_lower, row.pk)
        rules.check_owner(row.project, row.owner, row.confidentiality, subject)
    return row, before


def save_altered(actor: Actor, row: C, before: Mapping[str, Any]) -> C:
    """Save what was altered; a new owner is notified."""
    finish(actor, row, _NATURES[type(row)].changed, before)
    if row.owner_id != before["owner_id"]:
        rules.tell_owner(actor, row, row.owner)
    return row


def raise_level(actor: Actor, row: Promise | Task, confidentiality: int) -> None:
    """Bring it up to the level of what it hangs on."""
    before = snapshot(row)
    row.confidentiality = max(row.confidentiality, confidentiality)
    finish(actor, row, _NATURES[type(row)].changed, before)


def put_back(actor: Actor, row: Promise | Task, before: Mapping[str, Any], *, undoes: int) -> None:
    """Save a row in which an earlier change was taken back."""
    finish(actor, row, _NATURES[type(row)].changed, before, _undoes=undoes)


def delete(actor: Actor, row: Promise | Task, version: int | None) -> Entry:
    """Remove what was written down by mistake; raises Conflict when ``version`` is out of date."""
    actor.require(DELETE, row)
    return remove(actor, rules.locked(type(row), row.pk, version))


def remove(actor: Actor, row: Promise | Task) -> Entry:
    """Take it out of lists, timelines and search, leaving all of it in the history."""
    nature, image = _NATURES[type(row)], {"_image": rules.image(row)}
    if isinstance(row, Promise):
        image |= _cut(row)
    entry = rules.write_history(actor, nature.deleted, row, differences(snapshot(row), {}), **image)
    displace(row)
    forget(nature.kind, [row.pk])
    row.delete()
    return entry


def _cut(promise: Promise) -> dict[str, Any]:
    """What goes, or loses its promise, when a promise is deleted."""
    serving = Task.objects.unscoped("links that the deletion cuts").filter(promise=promise)
    return {
        "_contributions": [rules.image(row) for row in promise.contributions.order_by("id")],
        "_proofs": [rules.image(proof) for proof in promise.proofs.order_by("id")],
        "_tasks": list(serving.values_list("pk", flat=True)),
    }
