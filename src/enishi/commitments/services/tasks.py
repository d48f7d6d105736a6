"""Tasks: things to do. They can serve a promise, but are none."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.commitments import signals
from enishi.commitments.models import Promise, Series, Task
from enishi.commitments.services import rules, writing
from enishi.commitments.services.repeating import begin_series
from enishi.commitments.services.rules import EDIT
from enishi.contacts.models import Party
from enishi.core import clock, text
from enishi.timeline.models import Entry


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
    rules.require_new(actor, project, owner)
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
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    writing.classify(actor, task, confidentiality)
    if rule:
        return begin_series(actor, task, rule=rule, shift=shift)
    writing.save_new(actor, [task])
    rules.tell_owner(actor, task, owner)
    return task


@transaction.atomic
def change_task(actor: Actor, task: Task, version: int | None = None, **values: Any) -> Task:
    """Change words, party, owner, promise, date, project or confidentiality; a new owner is notified.

    Raises Conflict when ``version`` is out of date, CommitmentError for what cannot be used.
    """
    task, before = writing.altered(actor, task, version, values)
    return writing.save_altered(actor, task, before)


@transaction.atomic
def finish_task(actor: Actor, task: Task, version: int | None = None) -> Task:
    """Tick it off."""
    actor.require(EDIT, task)
    task = rules.locked(Task, task.pk, version)
    before = writing.snapshot(task)
    task.done_at = task.done_at or clock.now()
    return writing.finish(actor, task, signals.task_done, before)


@transaction.atomic
def reopen_task(actor: Actor, task: Task, version: int | None = None) -> Task:
    """Take back that it was done."""
    actor.require(EDIT, task)
    task = rules.locked(Task, task.pk, version)
    before = writing.snapshot(task)
    task.done_at = None
    return writing.finish(actor, task, signals.task_reopened, before)


@transaction.atomic
def delete_task(actor: Actor, task: Task, version: int | None = None) -> Entry:
    """Remove a task. The history keeps all of it, so that it can come back."""
    return writing.delete(actor, task, version)
