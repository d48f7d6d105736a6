"""Conversations as they stood at a moment, with who took part and their tags."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from enishi.contacts.past import Tagged, merges_since, turned
from enishi.conversations import signals
from enishi.conversations.models import Interaction, InteractionTag, Participant, UnknownSender
from enishi.core.personal import STRUCK
from enishi.timeline.models import Entry, Redaction
from enishi.timeline.past import Deed, Hanging, Recorded, Row, Sheet, Turn, Untold, entries_since

_SUBJECT = Interaction._meta.label_lower


class Interactions(Recorded):
    """Words that were taken out stay out."""

    model = Interaction
    made = frozenset({signals.interaction_logged.code})

    def before(self, entry: Entry, row: Row | None) -> Row | None:
        row = super().before(entry, row)
        if row is None:
            return None
        if entry.event == signals.interaction_deleted.code:
            return {**row, "deleted_at": None}
        if entry.event == signals.interaction_restored.code:
            return {**row, "deleted_at": entry.at}
        return row


class InteractionTags(Tagged):
    model, subject, parent = InteractionTag, Interaction, "interaction_id"


class Participants(Hanging):
    """Who took part: told as a list whenever it changed, beside senders who became known and records that were merged."""

    model = Participant
    parent = "interaction_id"

    def deeds(self, since: dt.datetime) -> Iterable[Deed]:
        single = [*_settled(since), *merges_since("conversations.participant.party", since)]
        known = set(
            Participant.objects.filter(pk__in=[turn.pk for turn in single]).values_list("pk", flat=True)
        )
        redacted = set(
            Redaction.objects.filter(entry__subject_type=_SUBJECT, entry__at__gt=since).values_list(
                "entry", flat=True
            )
        )
        whole = True
        for entry in entries_since(Interaction, since):
            told = entry.changes.get("participants", (None,))[0]
            if entry.event == signals.interaction_changed.code and isinstance(told, list):
                numbers = entry.data.get("_took_part")
                whole = whole and numbers is not None
                known.update(numbers or ())
                undo = self._undo(entry, numbers, nameless=entry.pk in redacted)
                yield Deed(entry.at, entry.pk, undo, (entry.subject_id,))
        if not whole and any(turn.pk not in known for turn in single):
            # Rows were written anew, and the history does not say which ones they had been.
            raise Untold
        yield from turned(single)

    def _undo(self, entry: Entry, numbers: list[int] | None, *, nameless: bool) -> Callable[[Sheet], None]:
        """``nameless``: words of the talk were taken out, and with them the names of strangers."""
        then = [
            {
                "id": numbers[place] if numbers else None,
                self.parent: entry.subject_id,
                "role": told["role"],
                "party_id": told["party"],
                "user_id": told["user"],
                "position": place,
                **_named(told, nameless=nameless),
            }
            for place, told in enumerate(entry.changes["participants"][0])
        ]

        def undo(sheet: Sheet) -> None:
            for row in sheet.of(entry.subject_id):
                sheet.drop(row["id"])
            for row in then:
                sheet.put(row)

        return undo


def _named(told: Row, *, nameless: bool) -> Row:
    stranger = told["party"] is None and told["user"] is None
    return (
        {"name": STRUCK, "address": ""}
        if nameless and stranger
        else {name: told[name] for name in ("name", "address")}
    )


def _settled(since: dt.datetime) -> Iterator[Turn]:
    """Senders who became known, and decisions about them that were taken back."""
    for entry in entries_since(UnknownSender, since):
        came, went = entry.changes.get("party", (None, None))
        if came == went:
            continue
        if "participants" not in entry.data:
            raise Untold
        for pk in entry.data["participants"]:
            yield Turn(entry.at, entry.pk, pk, partial(_with, party_id=came))


def _with(row: Row | None, party_id: int | None) -> Row | None:
    return row and {**row, "party_id": party_id}
