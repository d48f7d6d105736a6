"""What one does once for all who say much the same: mark what they mean, settle that they have their answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.conversations.models import Interaction
from enishi.conversations.services import set_answer
from enishi.themes.machine.meaning import ACROSS, SAME_LANGUAGE, unpacked
from enishi.themes.models import Meaning, Passage
from enishi.themes.queries import voices
from enishi.themes.queries.tree import usable
from enishi.themes.queries.voices import Voice
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.passages import change_passage, mark_passage, may_mark, theme_for


@dataclass(frozen=True)
class Marked:
    """How many conversations were marked, and how many not: nothing in them says it, or the theme belongs elsewhere."""

    done: int
    left: int


def markable(actor: Actor, found: Iterable[Voice]) -> list[Voice]:
    """The conversations among them whose words stand as they were compared, and that the actor may mark."""
    return [
        one
        for one in found
        if isinstance(one.subject, Interaction)
        and one.meaning.version == one.subject.version
        and may_mark(actor, one.subject)
    ]


def counterpart(sample: Meaning, sentence: int, other: Meaning) -> tuple[int, int] | None:
    """Where the other text says what that sentence says; None where it does not."""
    near = unpacked(bytes(other.sentences)) @ unpacked(bytes(sample.sentences))[sentence]
    best = int(near.argmax())
    if near[best] < (SAME_LANGUAGE if sample.language == other.language else ACROSS):
        return None
    return other.places[2 * best], other.places[2 * best + 1]


@transaction.atomic
def mark_all(
    actor: Actor,
    chorus_id: int,
    *,
    sample_id: int,
    sentence: int,
    theme_ids: Iterable[int] = (),
    new_theme: str = "",
    feeling: int | None = None,
) -> Marked:
    """Mark in each conversation the words that say what one sentence of the sample says. What is marked keeps what it has.

    Raises ThemeError.
    """
    listed = markable(actor, voices.voices(actor, chorus_id))
    sample = next((one for one in listed if one.meaning.pk == sample_id), None)
    if sample is None or not 0 <= sentence < len(sample.meaning.places) // 2:
        raise ThemeError(_("These words are no longer there. Choose others."), "sentence")
    talk = sample.subject
    assert isinstance(talk, Interaction)  # markable
    themes = theme_for(actor, talk, theme_ids, new_theme)
    if not themes and feeling is None:
        raise ThemeError(_("Choose a theme or a feeling."), "themes")
    there = {
        (one.interaction_id, one.start, one.end): one
        for one in Passage.objects.filter(
            interaction__in=[one.subject.pk for one in listed], removed_at__isnull=True
        ).prefetch_related("links")
    }
    known: dict[tuple[int, ...], bool] = {}
    done = 0
    for one in listed:
        place = counterpart(sample.meaning, sentence, one.meaning)
        where = tuple(one.subject.projects)
        if where not in known:
            known[where] = usable(actor, where).filter(pk__in=themes).count() == len(themes)
        if place is None or not known[where]:
            continue
        assert isinstance(one.subject, Interaction)  # markable
        marked = there.get((one.subject.pk, *place))
        if marked is None:
            who = one.people[0].pk if len(one.people) == 1 else None
            mark_passage(actor, one.subject, *place, theme_ids=themes, feeling=feeling, party_id=who)
        else:
            change_passage(
                actor,
                marked.pk,
                theme_ids={*themes, *(link.theme_id for link in marked.links.all())},
                feeling=feeling if marked.feeling is None else marked.feeling,
                party_id=marked.party_id,
            )
        done += 1
    return Marked(done, len(listed) - done)


@transaction.atomic
def answered_all(actor: Actor, chorus_id: int) -> int:
    """Say of each conversation that waits for an answer that it has it; returns of how many."""
    waiting = [
        one.subject
        for one in voices.voices(actor, chorus_id)
        if isinstance(one.subject, Interaction)
        and one.subject.answer == Interaction.Answer.WAITING
        and may_mark(actor, one.subject)
    ]
    for talk in waiting:
        set_answer(actor, talk, answer=Interaction.Answer.ANSWERED)
    return len(waiting)
