"""Promises and their proofs as they stood at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from enishi.commitments import signals
from enishi.commitments.models import Promise, Proof
from enishi.contacts.past import merges_since
from enishi.timeline.models import Entry
from enishi.timeline.past import Past, Recorded, Row, Turn, entries_since, value_of

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


class Proofs(Past):
    """Added, and gone and back with their promise; nobody changes or removes one."""

    model = Proof

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        later = Proof.objects.filter(created_at__gt=since).values_list("pk", "created_at")
        for pk, at in later:
            yield Turn(at, 0, pk, lambda _row: None)
        for entry in entries_since(Promise, since):
            if entry.event == _DELETED:
                for image in entry.data["_proofs"]:
                    yield _back(entry, since, image)


def _back(entry: Entry, since: dt.datetime, image: Row) -> Turn:
    """A proof that went with its promise, back again if it had been there by then."""
    row = {column: value_of(Proof, column, value) for column, value in image.items()}
    then = row if row["created_at"] <= since else None
    return Turn(entry.at, entry.pk, row["id"], lambda _row: then)
