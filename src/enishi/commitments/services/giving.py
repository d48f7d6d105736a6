"""What was given of a promised amount: written down, corrected, taken out again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.commitments import signals
from enishi.commitments.models import Contribution, Promise, Proof
from enishi.commitments.services import promises, rules
from enishi.commitments.services.rules import EDIT, CommitmentError
from enishi.content.models import File
from enishi.content.services import FileDraft
from enishi.core import clock
from enishi.core.events import Event
from enishi.core.money import Money
from enishi.core.text import clean
from enishi.timeline.models import Entry
from enishi.timeline.past import value_of
from enishi.timeline.services import plain, record

_ADDED, _CHANGED, _REMOVED = (
    signals.contribution_added,
    signals.contribution_changed,
    signals.contribution_removed,
)
EVENTS = {event.code for event in (_ADDED, _CHANGED, _REMOVED)}
NOTES = ("given_note", "_note_was", "_note_is")
"""Notes stand alone in the history, so that they can be forgotten there: as people read it, before and after."""


@transaction.atomic
def give(
    actor: Actor,
    promise: Promise,
    *,
    day: dt.date,
    money: Money,
    in_kind: bool = False,
    note: str = "",
    proof_text: str = "",
    files: Iterable[File | FileDraft] = (),
    version: int | None = None,
) -> Contribution:
    """Write down that a part of the promised amount was given, with what proves it. More than was promised is allowed.

    Raises CommitmentError for another currency, a day to come or a promise without an amount, Conflict, FileError.
    """
    promise = _opened(actor, promise, version)
    contribution = Contribution(promise=promise, user_id=actor.user_id, created_at=clock.now())
    _fill(contribution, promise, {"day": day, "money": money, "in_kind": in_kind, "note": note})
    contribution.save()
    _told(actor, _ADDED, promise, contribution, was=None)
    _prove(actor, promise, contribution, proof_text, files)
    return contribution


@transaction.atomic
def change_contribution(
    actor: Actor,
    contribution: Contribution,
    *,
    proof_text: str = "",
    files: Iterable[File | FileDraft] = (),
    version: int | None = None,
    **values: Any,
) -> Contribution:
    """Correct day, money, in_kind or note, and add proof. ``version`` is that of the promise."""
    promise = _opened(actor, contribution.promise, version)
    contribution = Contribution.objects.get(pk=contribution.pk)
    before = Contribution.objects.get(pk=contribution.pk)
    _fill(contribution, promise, values)
    if plain(rules.image(before)) != plain(rules.image(contribution)):
        contribution.save()
        _told(actor, _CHANGED, promise, contribution, was=before)
    _prove(actor, promise, contribution, proof_text, files)
    return contribution


@transaction.atomic
def remove_contribution(actor: Actor, contribution: Contribution, version: int | None = None) -> Entry:
    """Take out what was written down by mistake. Its proofs stay with the promise."""
    promise = _opened(actor, contribution.promise, version)
    return _remove(actor, promise, Contribution.objects.get(pk=contribution.pk))


def _remove(actor: Actor, promise: Promise, row: Contribution, **data: Any) -> Entry:
    tied = list(row.proofs.values_list("pk", flat=True))
    entry = _told(actor, _REMOVED, promise, None, was=row, _tied=tied, **data)
    row.delete()
    return entry


def _opened(actor: Actor, promise: Promise, version: int | None) -> Promise:
    """The promise, locked: what is given of it is written one after another."""
    actor.require(EDIT, promise)
    promise = rules.locked(Promise, promise.pk, version)
    if promise.money is None:
        raise CommitmentError(_("Write first which amount was promised."), "money")
    return promise


def _fill(contribution: Contribution, promise: Promise, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(contribution, name, value)
    rules.check_amount(contribution.money)
    if contribution.currency != promise.currency:
        raise CommitmentError(
            _("This was promised in %(currency)s. Write what it is worth in %(currency)s.")
            % {"currency": promise.currency},
            "money",
        )
    if contribution.day > clock.today():
        raise CommitmentError(_("That day is still to come. Write it down when it was given."), "day")
    contribution.note = " ".join(clean(contribution.note, max_length=500).split())


def _prove(
    actor: Actor, promise: Promise, contribution: Contribution, said: str, files: Iterable[File | FileDraft]
) -> None:
    given = list(files)
    if said.strip() or given:
        promises.add_proof(actor, promise, text=said, files=given, contribution=contribution)


def _told(
    actor: Actor,
    event: Event,
    promise: Promise,
    became: Contribution | None,
    *,
    was: Contribution | None,
    **data: Any,
) -> Entry:
    """Write it into the history of the promise, whose version rises: what it says has changed."""
    rules.save(promise)
    row = became or was
    assert row is not None
    notes = [one.note if one else "" for one in (was, became)]
    said = dict(zip(NOTES, (notes[1] or notes[0], *notes), strict=True)) if notes[0] != notes[1] else {}
    entry = record(
        actor,
        event,
        subject=promise,
        party_id=promise.party_id,
        changes={"given": (_shown(was), _shown(became))},
        data={"_contribution": row.pk, "_was": _image(was), "_became": _image(became), **said, **data},
    )
    row.undo_entry = entry.pk
    return entry


def _shown(row: Contribution | None) -> dict[str, Any] | None:
    """As people read it in the history of the promise."""
    if row is None:
        return None
    return {"id": row.pk, "amount": str(row.money), "day": row.day.isoformat(), "in_kind": row.in_kind}


def _image(row: Contribution | None) -> dict[str, Any] | None:
    return None if row is None else rules.image(row, without=("note",))


def take_back(actor: Actor, entry: Entry) -> Promise:
    """Undo what an entry did to a contribution. Raises CommitmentError when it was changed since."""
    promise = _opened(actor, rules.locked(Promise, entry.subject_id), None)
    now = Contribution.objects.filter(pk=entry.data["_contribution"]).first()
    was, became = entry.data["_was"], entry.data["_became"]
    renamed = "_note_was" in entry.data
    if plain(_image(now)) != became or (now is not None and renamed and now.note != entry.data["_note_is"]):
        raise CommitmentError(_("It has been changed since, so the earlier change cannot be taken back."))
    if was is None:
        assert now is not None
        _remove(actor, promise, now, _undoes=entry.pk)
        return promise
    values = {column: value_of(Contribution, column, value) for column, value in was.items()}
    note = entry.data["_note_was"] if renamed else now.note if now is not None else ""
    back = Contribution(**values, note=note)
    _fill(back, promise, {})
    back.save(force_insert=now is None)
    tied = entry.data.get("_tied", [])
    Proof.objects.filter(pk__in=tied, promise=promise, contribution=None).update(contribution=back)
    _told(actor, _CHANGED if now else _ADDED, promise, back, was=now, _tied=tied, _undoes=entry.pk)
    return promise
