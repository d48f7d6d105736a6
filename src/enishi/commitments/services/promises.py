"""The promise ledger: making, changing and settling promises. (Those that repeat: ``repeating`` and ``series``.)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.commitments import signals
from enishi.commitments.models import Contribution, Duty, Promise, Proof, Series, Task
from enishi.commitments.services import rules, writing
from enishi.commitments.services.repeating import begin_series
from enishi.commitments.services.rules import EDIT, CommitmentError
from enishi.contacts.models import Party
from enishi.content.models import File
from enishi.content.services import FileDraft, add_files
from enishi.core import clock
from enishi.core.money import Money
from enishi.core.text import clean
from enishi.timeline.models import Entry
from enishi.timeline.services import record

State = Promise.State


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
    duty: Duty | None = None,
    evidence: str = "",
    money: Money | None = None,
    purpose: str = "",
    for_people: int | None = None,
    rule: str = "",
    shift: str = Series.Shift.BACKWARD,
) -> Promise:
    """Write down who promised what to whom. With a ``rule`` (RFC 5545) it repeats from ``due_at`` on.

    It becomes at least as confidential as its party and its duty; give the level of the conversation it was said in.
    With ``evidence`` it is kept only with proof. The owner is notified. Returns the promise, of a repeating one the first. Raises CommitmentError for what cannot be used.
    """
    rules.require_new(actor, project, owner)
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
        duty=duty,
        evidence=clean(evidence, max_length=300).strip(),
        purpose=purpose,
        for_people=for_people,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    rules.check_amount(money)
    promise.money = money
    writing.classify(actor, promise, confidentiality)
    if rule:
        return begin_series(actor, promise, rule=rule, shift=shift)
    writing.save_new(actor, [promise])
    rules.tell_owner(actor, promise, owner)
    return promise


@transaction.atomic
def change_promise(actor: Actor, promise: Promise, version: int | None = None, **values: Any) -> Promise:
    """Change words, direction, party, owner, date, amount, project or confidentiality; a new owner is notified.

    Raises Conflict when ``version`` is out of date, CommitmentError for what cannot be used.
    """
    rules.check_amount(values.get("money"))
    promise, before = writing.altered(actor, promise, version, values)
    if promise.due_at != before["due_at"] and not promise.is_open:
        raise CommitmentError(_("A settled promise keeps its date. Open it again to move it."), "due_at")
    writing.save_altered(actor, promise, before)
    if promise.confidentiality > before["confidentiality"]:
        _raise_tasks(actor, promise)
    return promise


def _raise_tasks(actor: Actor, promise: Promise) -> None:
    """A task is never less confidential than the promise it serves."""
    below = Task.objects.unscoped("tasks follow their promise").filter(
        promise=promise, confidentiality__lt=promise.confidentiality
    )
    for task in below:
        writing.raise_level(actor, task, promise.confidentiality)


@transaction.atomic
def start_promise(actor: Actor, promise: Promise, version: int | None = None) -> Promise:
    """Say that work on it has begun."""
    actor.require(EDIT, promise)
    promise = rules.locked(Promise, promise.pk, version)
    before = writing.snapshot(promise)
    _open(promise)
    promise.started_at = promise.started_at or clock.now()
    return writing.finish(actor, promise, signals.promise_started, before)


@transaction.atomic
def report_done(actor: Actor, promise: Promise, version: int | None = None) -> Promise:
    """Say that it is done and the proof is to follow: it waits for proof, and is late no more.

    A kept promise whose proof is asked for after all was done when it was settled.
    """
    actor.require(EDIT, promise)
    promise = rules.locked(Promise, promise.pk, version)
    before = writing.snapshot(promise)
    kept_at = promise.settled_at if promise.state in (State.KEPT, State.KEPT_LATE) else None
    done_at = promise.done_at or kept_at or clock.now()
    _open(promise)
    promise.done_at = done_at
    return writing.finish(actor, promise, signals.promise_done, before)


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
    """Say what became of it, with proof. Whether it was kept in time or late, the moment it was done decides.

    A promise not to do something is never kept late: its date is only until when it holds.
    Raises CommitmentError when broken or waived comes without a reason, or what waits for proof is kept without any.
    """
    actor.require(EDIT, promise)
    promise = rules.locked(Promise, promise.pk, version)
    before = writing.snapshot(promise)
    wanted = State(state)
    outcome, files = clean(outcome, max_length=500).strip(), list(files)
    proven = bool(proof_text.strip() or files)
    if wanted == State.OPEN:
        raise CommitmentError(_("Choose what became of the promise."), "state")
    if wanted in (State.BROKEN, State.WAIVED):
        if not outcome:
            raise CommitmentError(_("Give the reason in one sentence."), "outcome")
        promise.done_at = None
    elif promise.state in (State.KEPT, State.KEPT_LATE):
        wanted = State(promise.state)
    else:
        if promise.needs_proof and not proven and not promise.proofs.exists():
            raise CommitmentError(_proof_wanted(promise), "proof_text")
        over = promise.due_at is not None and promise.due_at < (promise.done_at or clock.now())
        wanted = State.KEPT_LATE if over and not promise.negative else State.KEPT
    if wanted != promise.state:
        promise.state, promise.settled_at, promise.settled_by_id = wanted, clock.now(), actor.user_id
    promise.outcome = outcome
    writing.finish(actor, promise, signals.promise_settled, before)
    if proven:
        add_proof(actor, promise, text=proof_text, files=files)
    return promise


def _proof_wanted(promise: Promise) -> str:
    if promise.evidence:
        return _("Say what proves it, or choose a file. Asked for: %(evidence)s") % {
            "evidence": promise.evidence
        }
    return _("Say what proves it, or choose a file.")


@transaction.atomic
def reopen_promise(
    actor: Actor, promise: Promise, version: int | None = None, *, started: bool | None = None
) -> Promise:
    """Take back that it was settled. ``started`` says whether work has begun; as it was before when left out."""
    actor.require(EDIT, promise)
    promise = rules.locked(Promise, promise.pk, version)
    before = writing.snapshot(promise)
    _open(promise)
    if started is not None:
        promise.started_at = (promise.started_at or clock.now()) if started else None
    return writing.finish(actor, promise, signals.promise_reopened, before)


def _open(promise: Promise) -> None:
    promise.state, promise.settled_at, promise.settled_by_id, promise.outcome = State.OPEN, None, None, ""
    promise.done_at = None


def move_promise(
    actor: Actor, promise: Promise, *, to: str, outcome: str = "", version: int | None = None
) -> Promise:
    """Move a card of the board to a column: open, doing, proof, kept, kept_late, broken or waived."""
    if to == "open":
        return reopen_promise(actor, promise, version, started=False)
    if to == "doing":
        return start_promise(actor, promise, version)
    if to == "proof":
        return report_done(actor, promise, version)
    return settle_promise(actor, promise, state=to, outcome=outcome, version=version)


@transaction.atomic
def add_proof(
    actor: Actor,
    promise: Promise,
    *,
    text: str = "",
    files: Iterable[File | FileDraft] = (),
    contribution: Contribution | None = None,
) -> list[Proof]:
    """Attach evidence: words, files, or both. A draft becomes a file of the promise's project and person.

    With a ``contribution`` of the promise it proves that this was given.

    Raises CommitmentError when there is neither, FileError for a file that cannot be kept.
    """
    actor.require(EDIT, promise)
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
        proof.created_at, proof.contribution = clock.now(), contribution
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
def delete_promise(actor: Actor, promise: Promise, version: int | None = None) -> Entry:
    """Remove a promise that was written down by mistake. The history keeps all of it, so that it can come back."""
    return writing.delete(actor, promise, version)
