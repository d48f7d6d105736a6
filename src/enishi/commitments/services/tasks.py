"""Tasks: things to do. They can serve a promise, but are none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.commitments import signals
from enishi.commitments.models import Promise, Series, Task
from enishi.commitments.services import rules
from enishi.commitments.services.rules import EDIT
from enishi.contacts.models import Party
from enishi.core import clock, text
from enishi.core.events import Event
from enishi.search.models import Kind
from enishi.search.services import Findable, forget, index
from enishi.timeline.models import Entry, Family
from enishi.timeline.services import differences, displace, place, reclassify

FIELDS = (
    "project_id", "title", "detail", "party_id", "owner_id", "promise_id", "due_at", "done_at", "said_in_id", "said_start",
    "said_end", "quote", "confidentiality",
)  # fmt: skip
EDITABLE = frozenset({"project", "title", "detail", "party", "owner", "promise", "due_at", "confidentiality"})


def snapshot(task: Task) -> dict[str, Any]:
    """The fields of a task that people change, for before and after."""
    return {name: getattr(task, name) for name in FIELDS}


@transaction.atomic
def make_task(
    actor: Actor,
    *,
    project: Project,
    title: str,
    party: Party | None = None,
    owner: User | None = None,
    promise: Promise | None = None,
    due_at: dt.datetime | None = None,
    detail: str = "",
    quote: str = "",
    said_in_id: int | None = None,
    said_start: int | None = None,
    said_end: int | None = None,
    confidentiality: int | None = None,
    rule: str = "",
    shift: str = Series.Shift.BACKWARD,
) -> Task:
    """Write down something to do. With a ``rule`` (RFC 5545) it repeats from ``due_at`` on.

    It becomes at least as confidential as its party and promise; give the level of the conversation it was said in.
    The owner is notified. Raises CommitmentError for what cannot be used.
    """
    from enishi.commitments.services.series import begin_series

    actor.require(EDIT, project.pk)
    task = Task(
        project=project,
        title=rules.words(title),
        party=party,
        owner=owner,
        promise=promise,
        due_at=due_at,
        detail=text.clean(detail).strip(),
        quote=text.clean(quote).strip(),
        said_in_id=said_in_id,
        said_start=said_start,
        said_end=said_end,
        confidentiality=rules.level(actor, project, confidentiality, *_levels(party, promise)),
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    rules.check_party(project, party)
    rules.check_owner(project, owner, task.confidentiality)
    if rule:
        return begin_series(actor, task, rule=rule, shift=shift)
    save_new(actor, [task])
    rules.tell_owner(actor, task, owner)
    return task


def _levels(party: Party | None, promise: Promise | None) -> list[int]:
    return [0, *(row.confidentiality for row in (party, promise) if row is not None)]


def save_new(actor: Actor, tasks: list[Task]) -> None:
    """Insert tasks with their history, places and words."""
    Task.objects.bulk_create(tasks)
    keep_up(tasks)
    for task in tasks:
        given = {name: value for name, value in snapshot(task).items() if value not in (None, "")}
        rules.write_history(actor, signals.task_made, task, differences({}, given))


def keep_up(tasks: Iterable[Task]) -> None:
    """Bring search and timelines after saved tasks."""
    saved = list(tasks)
    index([findable(task) for task in saved])
    for task in saved:
        place(
            task,
            party_ids=[task.party_id] if task.party_id else [],
            family=Family.TASK,
            occurred_at=task.shown_at,
            project_ids=task.projects,
            confidentiality=task.confidentiality,
        )


def findable(task: Task) -> Findable:
    name = task.party.full_name if task.party else ""
    return Findable(
        kind=Kind.TASK,
        subject_id=task.pk,
        title=task.title,
        detail=name,
        words=[task.title, name],
        body=" ".join(filter(None, [task.detail, task.quote])),
        project_ids=task.projects,
        confidentiality=task.confidentiality,
    )


def finish(actor: Actor, task: Task, event: Event, before: Mapping[str, Any], **data: Any) -> Task:
    """Save a changed task and everything that follows it; nothing when nothing differs."""
    changes = differences(before, snapshot(task))
    if not changes:
        return task
    rules.save(task)
    keep_up([task])
    if {"project_id", "confidentiality"} & set(changes):
        reclassify(task, project_ids=task.projects, confidentiality=task.confidentiality)
    task.undo_entry = rules.write_history(actor, event, task, changes, **data).pk
    return task


@transaction.atomic
def change_task(actor: Actor, task: Task, version: int | None = None, **values: Any) -> Task:
    """Change words, party, owner, promise, date, project or confidentiality; a new owner is notified.

    Raises Conflict when ``version`` is out of date, CommitmentError for what cannot be used.
    """
    unknown = set(values) - EDITABLE
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    actor.require(EDIT, task.project_id)
    task = rules.locked(Task, task.pk, version)
    before = snapshot(task)
    for name, value in values.items():
        setattr(task, name, value)
    actor.require(EDIT, task.project_id)
    task.title = rules.words(task.title)
    task.detail = text.clean(task.detail).strip()
    task.confidentiality = rules.level(
        actor,
        task.project,
        task.confidentiality,
        rules.level_of_talk(task.said_in_id),
        *_levels(task.party, task.promise),
    )
    rules.check_party(task.project, task.party)
    new_owner = task.owner_id != before["owner_id"]
    if (
        new_owner
        or task.confidentiality > before["confidentiality"]
        or task.project_id != before["project_id"]
    ):
        rules.check_owner(task.project, task.owner, task.confidentiality)
    finish(actor, task, signals.task_changed, before)
    if new_owner:
        rules.tell_owner(actor, task, task.owner)
    return task


def raise_task(actor: Actor, task: Task, confidentiality: int) -> Task:
    """Bring a task up to the level of what it hangs on."""
    before = snapshot(task)
    task.confidentiality = max(task.confidentiality, confidentiality)
    return finish(actor, task, signals.task_changed, before)


@transaction.atomic
def finish_task(actor: Actor, task: Task, version: int | None = None) -> Task:
    """Tick it off."""
    actor.require(EDIT, task.project_id)
    task = rules.locked(Task, task.pk, version)
    before = snapshot(task)
    task.done_at = task.done_at or clock.now()
    return finish(actor, task, signals.task_done, before)


@transaction.atomic
def reopen_task(actor: Actor, task: Task, version: int | None = None) -> Task:
    """Take back that it was done."""
    actor.require(EDIT, task.project_id)
    task = rules.locked(Task, task.pk, version)
    before = snapshot(task)
    task.done_at = None
    return finish(actor, task, signals.task_reopened, before)


@transaction.atomic
def delete_task(actor: Actor, task: Task) -> Entry:
    """Remove a task. The history keeps all of it, so that it can come back."""
    actor.require(rules.DELETE, task.project_id)
    return remove(actor, rules.locked(Task, task.pk))


def remove(actor: Actor, task: Task) -> Entry:
    """Take a task out of lists, timeline and search, leaving all of it in the history."""
    entry = rules.write_history(
        actor, signals.task_deleted, task, differences(snapshot(task), {}), _image=rules.image(task)
    )
    displace(task)
    forget(Kind.TASK, [task.pk])
    task.delete()
    return entry
