"""The machine reads along: it suggests and never decides."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from enishi.accounts.access import Actor, system_actor
from enishi.conversations.models import Interaction
from enishi.core import clock, jobs
from enishi.core.ai.embedding import Embedder, embedder
from enishi.themes import signals
from enishi.themes.machine import feelings, sentences
from enishi.themes.models import Machine, Passage, Reading, Suggestion
from enishi.themes.queries import machine as asked
from enishi.themes.queries import usable
from enishi.themes.services.meanings import keep_meaning, read_case
from enishi.themes.services.passages import mark_passage
from enishi.themes.services.tree import EDIT, SETUP
from enishi.timeline.services import record

if TYPE_CHECKING:
    from enishi.core.ai.embedding import Vectors

CLOSE = 0.55
"""From here on a sentence is said to come near a theme. Between sentences that mean different things it is around 0."""
BATCH = 25
MOST = 6
"""Suggestions for one conversation: the closest."""


class Known:
    """The themes with the vectors of the words that mean them; made once for a run."""

    def __init__(self, reader: Embedder) -> None:
        import numpy as np

        words = [(theme_id, line) for theme_id, lines in asked.examples().items() for line in lines]
        self.theme_ids = np.array([theme_id for theme_id, _line in words])
        self.vectors = feelings.centred(reader.embed([line for _theme_id, line in words])) if words else None

    def nearest(self, vectors: Vectors, allowed: Iterable[int]) -> list[tuple[int, float] | None]:
        """For each sentence the nearest theme that may be used there, and how close."""
        import numpy as np

        usable_here = np.isin(self.theme_ids, list(allowed)) if self.vectors is not None else np.array([])
        if self.vectors is None or not usable_here.any():
            return [None] * len(vectors)
        near = feelings.centred(vectors) @ self.vectors[usable_here].T
        best = near.argmax(axis=1)
        ids = self.theme_ids[usable_here]
        return [(int(ids[at]), float(row[at])) for row, at in zip(near, best, strict=True)]


def read_along(*, seconds: float = 20) -> int:
    """Read what was not read yet, newest first, for about so long; returns how many conversations were read.

    Each conversation is written in a transaction of its own: after a crash the next run goes on with what is left.
    """
    reader = embedder()
    if reader is None or not asked.machine().on:
        return 0
    ends, done, known = time.monotonic() + seconds, 0, None
    while time.monotonic() < ends:
        batch = list(asked.unread()[:BATCH])
        if not batch:
            break
        known = known or Known(reader)
        for interaction in batch:
            if time.monotonic() > ends:
                break
            _read(reader, known, interaction)
            done += 1
    while time.monotonic() < ends:
        cases = list(asked.unread_cases()[:BATCH])
        if not cases:
            break
        for case in cases:
            if time.monotonic() > ends:
                break
            read_case(reader, case)
    return done


def read_one(interaction_id: int) -> bool:
    """Read one conversation now; tells whether there was something to read."""
    reader = embedder()
    found = asked.unread().filter(pk=interaction_id).first()
    if reader is None or found is None or not asked.machine().on:
        return False
    _read(reader, Known(reader), found)
    return True


def _read(reader: Embedder, known: Known, interaction: Interaction) -> None:
    """Work out suggestions, then write them if the text is still the same."""
    heard = sentences.sentences(interaction.text, interaction.folds)
    vectors = reader.embed([one.words for one in heard])
    whole = feelings.whole(vectors)
    allowed = _allowed(interaction)
    near = known.nearest(vectors, allowed) if heard else []
    felt = feelings.felt(vectors) if heard else []
    found = [
        (one, theme, how)
        for one, theme, how in zip(heard, near, felt, strict=True)
        if theme is not None and theme[1] >= CLOSE
    ]
    found.sort(key=lambda each: -(each[1][1] if each[1] else 0))
    with transaction.atomic():
        same = (
            Interaction.objects.unscoped("read by the machine")
            .select_for_update(no_key=True, of=("self",))
            .filter(pk=interaction.pk, version=interaction.version)
            .first()
        )
        if same is None:
            return
        spoken = asked.taken(same)
        Suggestion.objects.filter(interaction=same, refused_at__isnull=True).delete()
        Suggestion.objects.bulk_create(
            [
                Suggestion(
                    interaction=same,
                    start=one.start,
                    end=one.end,
                    quote=same.text[one.start : one.end],
                    theme_id=theme[0],
                    closeness=theme[1],
                    feeling=how.feeling,
                    sure=how.sure,
                )
                for one, theme, how in found[:MOST]
                if theme is not None and not any(one.start < end and start < one.end for start, end in spoken)
            ],
            ignore_conflicts=True,
        )
        keep_meaning(same, vectors, [(one.start, one.end) for one in heard], reader.version)
        Reading.objects.update_or_create(
            interaction=same,
            defaults={
                "version": same.version,
                "round": asked.machine().round,
                "feeling": whole.feeling if whole else None,
                "sure": whole.sure if whole else None,
                "read_at": clock.now(),
            },
        )


def _allowed(interaction: Interaction) -> list[int]:
    return list(usable(system_actor("machine"), interaction.project_ids).values_list("pk", flat=True))


@transaction.atomic
def accept_suggestion(actor: Actor, suggestion_id: int) -> Passage:
    """Let a suggestion become a mark by that person, with its theme and its feeling. Raises ThemeError."""
    one = asked.suggestion(actor, suggestion_id)
    marked = mark_passage(
        actor,
        one.interaction,
        one.start,
        one.end,
        theme_ids=[one.theme_id],
        feeling=one.feeling,
        suggested=True,
    )
    Suggestion.objects.filter(pk=one.pk).delete()
    return marked


@transaction.atomic
def refuse_suggestion(actor: Actor, suggestion_id: int) -> Suggestion:
    """Say that the machine heard wrong: it is not suggested again."""
    one = asked.suggestion(actor, suggestion_id)
    actor.require(EDIT, one.interaction)
    if Suggestion.objects.filter(pk=one.pk, refused_at__isnull=True).update(refused_at=clock.now()):
        record(
            actor,
            signals.suggestion_refused,
            subject=one.interaction,
            data={"passage": one.quote[:300], "themes": [one.theme.path]},
        )
    return one


@transaction.atomic
def switch_machine(actor: Actor, *, on: bool) -> Machine:
    """Let the machine read along, or not. What it suggested stays, unseen, while it is off."""
    actor.require_everywhere(SETUP)
    Machine.objects.get_or_create(pk=1)
    row = Machine.objects.select_for_update(no_key=True).get(pk=1)
    if row.on != on:
        row.on = on
        row.save(update_fields=["on"])
        record(actor, signals.machine_switched, subject=row, changes={"on": (not on, on)})
    return row


@transaction.atomic
def read_again(actor: Actor) -> Machine:
    """Have everything read again: after themes were set up anew."""
    actor.require_everywhere(SETUP)
    Machine.objects.get_or_create(pk=1)
    row = Machine.objects.select_for_update(no_key=True).get(pk=1)
    before, row.round = row.round, row.round + 1
    row.save(update_fields=["round"])
    record(actor, signals.machine_switched, subject=row, changes={"round": (before, row.round)})
    jobs.defer_once("themes.read_along", key="themes.read_along", timestamp=0)
    return row
