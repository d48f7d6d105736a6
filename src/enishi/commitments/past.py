"""Promises, what was given of them and what proves it, as they stood at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from enishi.commitments import signals
from enishi.commitments.models import Contribution, Promise, Proof
from enishi.contacts.past import merges_since
from enishi.timeline.models import Entry
from enishi.timeline.past import Past, Recorded, Row, Turn, Winding, entries_since, value_of

_DELETED, _BACK = signals.promise_deleted.code, signals.promise_restored.code


class Promises(Recorded):
    model = Promise
    made = frozenset({signals.promise_made.code})

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        yield from super().turns(since)
        yield from merges_since("commitments.promise.party", since)

    def before(self, entry: Entry, row: Row | None) -> Row | None:
        if entry.event == _DELETED:
            return {
                column: value_of(Promise, column, value) for column, value in entry.data["_image"].items()
            }
        return None if entry.event == _BACK else super().before(entry, row)


class Contributions(Past):
    """Told in the history of their promise, with what they were before; gone and back with it."""

    model = Contribution

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        for entry in entries_since(Promise, since):
            for image in entry.data.get("_contributions", ()):
                yield Turn(entry.at, entry.pk, image["id"], _standing(image))
            if "_contribution" in entry.data:
                yield Turn(entry.at, entry.pk, entry.data["_contribution"], _given(entry))


def _standing(image: Row) -> Winding:
    row = {column: value_of(Contribution, column, value) for column, value in image.items()}
    return lambda _row: row


def _given(entry: Entry) -> Winding:
    """What it was before that entry; its note stands with what people read of it."""
    if entry.data["_was"] is None:
        return lambda _row: None
    note = {"note": entry.data["_note_was"]} if "_note_was" in entry.data else {}
    was = {column: value_of(Contribution, column, value) for column, value in entry.data["_was"].items()}
    return lambda row: {"note": "", **(row or {}), **note, **was}


class Proofs(Past):
    """Added, and gone and back with their promise; nobody changes or removes one. What they prove can go, and be back."""

    model = Proof

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        later = Proof.objects.filter(created_at__gt=since).values_list("pk", "created_at")
        for pk, at in later:
            yield Turn(at, 0, pk, lambda _row: None)
        for entry in entries_since(Promise, since):
            if entry.event == _DELETED:
                for image in entry.data["_proofs"]:
                    yield _back(entry, since, image)
            for pk in entry.data.get("_tied", ()):
                # Removed with this entry, it was tied before; brought back with it, it was not.
                tied = entry.data["_contribution"] if entry.data["_was"] else None
                yield Turn(entry.at, entry.pk, pk, _tied_to(tied))


def _tied_to(contribution_id: int | None) -> Winding:
    return lambda row: None if row is None else {**row, "contribution_id": contribution_id}


def _back(entry: Entry, since: dt.datetime, image: Row) -> Turn:
    """A proof that went with its promise, back again if it had been there by then."""
    row = {column: value_of(Proof, column, value) for column, value in image.items()}
    then = row if row["created_at"] <= since else None
    return Turn(entry.at, entry.pk, row["id"], lambda _row: then)
