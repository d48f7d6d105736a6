"""The promise ledger: making, changing and settling promises. (Those that repeat: ``series``.)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.commitments import signals
from enishi.commitments.models import Promise, Proof, Series, Task
from enishi.commitments.services import rules
from enishi.commitments.services.rules import EDIT, CommitmentError
from enishi.contacts.models import Party
from enishi.content.models import File
from enishi.content.services import FileDraft, add_files
from enishi.core import clock
from enishi.core.events import Event
from enishi.core.text import clean
from enishi.search.models import Kind
from enishi.search.services import Findable, forget, index
from enishi.timeline.models import Entry, Family
from enishi.timeline.services import Changes, differences, displace, place, reclassify, record

FIELDS = (
    "project_id", "direction", "negative", "title", "detail", "party_id", "owner_id", "due_at", "started_at", "state",
    "settled_at", "settled_by_id", "outcome", "quote", "said_in_id", "said_via", "said_at", "said_start", "said_end",
    "confidentiality",
)  # fmt: skip
EDITABLE = frozenset(
    {
        "project",
        "direction",
        "negative",
        "title",
        "detail",
        "party",
        "owner",
        "due_at",
        "quote",
        "confidentiality",
    }
)
State = Promise.State


def snapshot(promise: Promise) -> dict[str, Any]:
    """The fields of a promise that people change, for before and after."""
    return {name: getattr(promise, name) for name in FIELDS}


@transaction.atomic
def make_promise(
    actor: Actor,
    *,
    project: Project,
    title: str,
    direction: str,
    negative: bool = False,
    party: Party | None = None,
    owner: User | None = None,
    due_at: dt.datetime | None = None,
    detail: str = "",
    quote: str = "",
    said_in_id: int | None = None,
    said_via: str = "",
    said_at: dt.datetime | None = None,
    said_start: int | None = None,
    said_end: int | None = None,
    confidentiality: int | None = None,
    rule: str = "",
    shift: str = Series.Shift.BACKWARD,
) -> Promise:
    """Write down who promised what to whom. With a ``rule`` (RFC 5545) it repeats from ``due_at`` on.

    It becomes at least as confidential as its party; give the level of the conversation it was said in. The owner is
    notified. Returns the promise, of a repeating one the first. Raises CommitmentError for what cannot be used.
    """
    from enishi.commitments.services.series import begin_series

    actor.require(EDIT, project.pk)
    promise = Promise(
        project=project,
        title=rules.words(title),
        direction=Promise.Direction(direction),
        negative=negative,
        party=party,
        owner=owner,
        due_at=due_at,
        detail=clean(detail).strip(),
        quote=clean(quote).strip(),
        said_in_id=said_in_id,
        said_via=said_via,
        said_at=said_at,
        said_start=said_start,
        said_end=said_end,
        confidentiality=rules.level(actor, project, confidentiality, party.confidentiality if party else 0),
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    rules.check_party(project, party)
    rules.check_owner(project, owner, promise.confidentiality)
    if rule:
        return begin_series(actor, promise, rule=rule, shift=shift)
    save_new(actor, [promise])
    rules.tell_owner(actor, promise, owner)
    return promise


def save_new(actor: Actor, promises: list[Promise]) -> None:
    """Insert promises with their history, places and words."""
    Promise.objects.bulk_create(promises)
    keep_up(promises)
    for promise in promises:
        given = {name: value for name, value in snapshot(promise).items() if value not in (None, "", False)}
        rules.write_history(actor, signals.promise_made, promise, differences({}, given))


def keep_up(promises: Iterable[Promise]) -> None:
    """Bring search and timelines after saved promises."""
    saved = list(promises)
    index([findable(promise) for promise in saved])
    for promise in saved:
        place(
            promise,
            party_ids=[promise.party_id] if promise.party_id else [],
            family=Family.PROMISE,
            channel=promise.said_via,
            occurred_at=promise.shown_at,
            project_ids=promise.projects,
            confidentiality=promise.confidentiality,
        )


def findable(promise: Promise) -> Findable:
    name = promise.party.full_name if promise.party else ""
    return Findable(
        kind=Kind.PROMISE,
        subject_id=promise.pk,
        title=promise.title,
        detail=name,
        words=[promise.title, name],
        body=" ".join(filter(None, [promise.detail, promise.quote, promise.outcome])),
        project_ids=promise.projects,
        confidentiality=promise.confidentiality,
        language=promise.party.language if promise.party else "",
    )


def finish(actor: Actor, promise: Promise, event: Event, before: Mapping[str, Any], **data: Any) -> Promise:
    """Save a changed promise and everything that follows it; nothing when nothing differs."""
    changes = differences(before, snapshot(promise))
    if not changes:
        return promise
    rules.save(promise)
    keep_up([promise])
    _reach(promise, changes)
    promise.undo_entry = rules.write_history(actor, event, promise, changes, **data).pk
    return promise


def _reach(promise: Promise, changes: Changes) -> None:
    if {"project_id", "confidentiality"} & set(changes):
        reclassify(promise, project_ids=promise.projects, confidentiality=promise.confidentiality)


@transaction.atomic
def change_promise(actor: Actor, promise: Promise, version: int | None = None, **values: Any) -> Promise:
    """Change words, direction, party, owner, date, project or confidentiality; a new owner is notified.

    Raises Conflict when ``version`` is out of date, CommitmentError for what cannot be used.
    """
    unknown = set(values) - EDITABLE
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    actor.require(EDIT, promise.project_id)
    promise = rules.locked(Promise, promise.pk, version)
    before = snapshot(promise)
    for name, value in values.items():
        setattr(promise, name, value)
    actor.require(EDIT, promise.project_id)
    promise.title = rules.words(promise.title)
    promise.detail = clean(promise.detail).strip()
    if promise.due_at != before["due_at"] and not promise.is_open:
        raise CommitmentError(_("A settled promise keeps its date. Open it again to move it."), "due_at")
    hangs_on = promise.party.confidentiality if promise.party else 0
    said = rules.level_of_talk(promise.said_in_id)
    promise.confidentiality = rules.level(actor, promise.project, promise.confidentiality, hangs_on, said)
    rules.check_party(promise.project, promise.party)
    new_owner = promise.owner_id != before["owner_id"]
    if (
        new_owner
        or promise.confidentiality > before["confidentiality"]
        or promise.project_id != before["project_id"]
    ):
        rules.check_owner(promise.project, promise.owner, promise.confidentiality)
    finish(actor, promise, signals.promise_changed, before)
    if promise.confidentiality > before["confidentiality"]:
        _raise_tasks(actor, promise)
    if new_owner:
        rules.tell_owner(actor, promise, promise.owner)
    return promise


def _raise_tasks(actor: Actor, promise: Promise) -> None:
    """A task is never less confidential than the promise it serves."""
    from enishi.commitments.services.tasks import raise_task

    below = Task.objects.unscoped("tasks follow their promise").filter(
        promise=promise, confidentiality__lt=promise.confidentiality
    )
    for task in below:
        raise_task(actor, task, promise.confidentiality)


@transaction.atomic
def start_promise(actor: Actor, promise: Promise, version: int | None = None) -> Promise:
    """Say that work on it has begun."""
    actor.require(EDIT, promise.project_id)
    promise = rules.locked(Promise, promise.pk, version)
    before = snapshot(promise)
    _open(promise)
    promise.started_at = promise.started_at or clock.now()
    return finish(actor, promise, signals.promise_started, before)


@transaction.atomic
def settle_promise(
    actor: Actor,
    promise: Promise,
    *,
    state: str,
    outcome: str = "",
    proof_text: str = "",
    files: Iterable[File | FileDraft] = (),
    version: int | None = None,
) -> Promise:
    """Say what became of it, with proof. Whether it was kept in time or late, the clock decides.

    A promise not to do something is never kept late: its date is only until when it holds.
    Raises CommitmentError when broken or waived comes without a reason.
    """
    actor.require(EDIT, promise.project_id)
    promise = rules.locked(Promise, promise.pk, version)
    before = snapshot(promise)
    wanted = State(state)
    outcome = clean(outcome, max_length=500).strip()
    if wanted == State.OPEN:
        raise CommitmentError(_("Choose what became of the promise."), "state")
    if wanted in (State.BROKEN, State.WAIVED):
        if not outcome:
            raise CommitmentError(_("Give the reason in one sentence."), "outcome")
    elif promise.state in (State.KEPT, State.KEPT_LATE):
        wanted = State(promise.state)
    else:
        over = promise.due_at is not None and promise.due_at < clock.now()
        wanted = State.KEPT_LATE if over and not promise.negative else State.KEPT
    if wanted != promise.state:
        promise.state, promise.settled_at, promise.settled_by_id = wanted, clock.now(), actor.user_id
    promise.outcome = outcome
    finish(actor, promise, signals.promise_settled, before)
    files = list(files)
    if proof_text.strip() or files:
        add_proof(actor, promise, text=proof_text, files=files)
    return promise


@transaction.atomic
def reopen_promise(
    actor: Actor, promise: Promise, version: int | None = None, *, started: bool | None = None
) -> Promise:
    """Take back that it was settled. ``started`` says whether work has begun; as it was before when left out."""
    actor.require(EDIT, promise.project_id)
    promise = rules.locked(Promise, promise.pk, version)
    before = snapshot(promise)
    _open(promise)
    if started is not None:
        promise.started_at = (promise.started_at or clock.now()) if started else None
    return finish(actor, promise, signals.promise_reopened, before)


def _open(promise: Promise) -> None:
    promise.state, promise.settled_at, promise.settled_by_id, promise.outcome = State.OPEN, None, None, ""


def move_promise(
    actor: Actor, promise: Promise, *, to: str, outcome: str = "", version: int | None = None
) -> Promise:
    """Move a card of the board to a column: open, doing, kept, kept_late, broken or waived."""
    if to == "open":
        return reopen_promise(actor, promise, version, started=False)
    if to == "doing":
        return start_promise(actor, promise, version)
    return settle_promise(actor, promise, state=to, outcome=outcome, version=version)


@transaction.atomic
def add_proof(
    actor: Actor, promise: Promise, *, text: str = "", files: Iterable[File | FileDraft] = ()
) -> list[Proof]:
    """Attach evidence: words, files, or both. A draft becomes a file of the promise's project and person.

    Raises CommitmentError when there is neither, FileError for a file that cannot be kept.
    """
    actor.require(EDIT, promise.project_id)
    said, given = clean(text).strip(), list(files)
    drafts = [file for file in given if isinstance(file, FileDraft)]
    attached = [file for file in given if isinstance(file, File)]
    if not said and not given:
        raise CommitmentError(_("Say what proves it, or choose a file."), "proof_text")
    if drafts:
        attached += add_files(
            actor,
            drafts,
            project=promise.project_id,
            at_least=promise.confidentiality,
            party_ids=[promise.party_id] if promise.party_id else [],
        )
    proofs = [Proof(promise=promise, file=file, user_id=actor.user_id) for file in attached]
    if said:
        # Words that come with files belong to the first of them.
        if proofs:
            proofs[0].text = said
        else:
            proofs = [Proof(promise=promise, text=said, user_id=actor.user_id)]
    for proof in proofs:
        proof.created_at = clock.now()
        proof.save()
    record(
        actor,
        signals.proof_added,
        subject=promise,
        party_id=promise.party_id,
        data={
            "words": said,
            "files": [file.name for file in attached],
            "_files": [file.pk for file in attached],
        },
    )
    return proofs


@transaction.atomic
def delete_promise(actor: Actor, promise: Promise) -> Entry:
    """Remove a promise that was written down by mistake. The history keeps all of it, so that it can come back."""
    actor.require(rules.DELETE, promise.project_id)
    return remove(actor, rules.locked(Promise, promise.pk))


def remove(actor: Actor, promise: Promise) -> Entry:
    """Take a promise out of ledger, timeline and search, leaving all of it in the history."""
    proofs = [rules.image(proof) for proof in promise.proofs.order_by("id")]
    tasks = list(
        Task.objects.unscoped("links that the deletion cuts")
        .filter(promise=promise)
        .values_list("pk", flat=True)
    )
    image = {"_image": rules.image(promise), "_proofs": proofs, "_tasks": tasks}
    entry = rules.write_history(
        actor, signals.promise_deleted, promise, differences(snapshot(promise), {}), **image
    )
    displace(promise)
    forget(Kind.PROMISE, [promise.pk])
    promise.delete()
    return entry
