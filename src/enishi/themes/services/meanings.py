"""What texts mean, kept for comparing; and who says much the same.

The machine puts voices together and a person takes one out: that is remembered, and never written over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.cases.models import Case
from enishi.conversations.models import Interaction
from enishi.core import clock
from enishi.core.ai.embedding import Embedder
from enishi.themes import signals
from enishi.themes.machine import sentences
from enishi.themes.machine.meaning import Meant, meant, packed, unpacked
from enishi.themes.models import Answer, Chorus, Machine, Meaning
from enishi.themes.queries import voices
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.tree import EDIT
from enishi.timeline.services import record

if TYPE_CHECKING:
    from enishi.core.ai.embedding import Vectors

CASES_EDIT = "cases.edit"
LEAST = 40
"""Characters of a text that is compared: a line of thanks is said by everybody."""


def keep_meaning(
    subject: Interaction | Case, vectors: Vectors, places: Sequence[tuple[int, int]], reader: str
) -> None:
    """Keep what a text means in its present version, and find who says much the same. Called in a transaction."""
    of = {"interaction": subject} if isinstance(subject, Interaction) else {"case": subject}
    if not places:
        Meaning.objects.filter(**of).delete()
        return
    found = meant(vectors)
    compared = packed(found.sentences)
    long = sum(end - start for start, end in places) >= LEAST
    came_in = long and _came_in(subject)
    same = Meaning.objects.filter(
        **of, reader=reader, sentences=compared, places=_flat(places), came_in=came_in
    )
    if same.update(version=subject.version):
        return
    kept, _new = Meaning.objects.update_or_create(
        **of,
        defaults={
            "version": subject.version,
            "reader": reader,
            "language": found.language,
            "at": subject.occurred_at if isinstance(subject, Interaction) else subject.opened_at,
            "came_in": came_in,
            "whole": found.whole.tolist(),
            "places": _flat(places),
            "sentences": compared,
            "chorus": None,
        },
    )
    _join(kept, found)


def _flat(places: Sequence[tuple[int, int]]) -> list[int]:
    return [place for pair in places for place in pair]


def _came_in(subject: Interaction | Case) -> bool:
    return isinstance(subject, Case) or subject.direction == Interaction.Direction.IN


def read_case(reader: Embedder, case: Case) -> None:
    """Read what happened, in the words of whoever raised it."""
    said = words_of(case)
    # A title of two words is no sentence, and all that there is.
    heard = sentences.sentences(said) or [sentences.Sentence(0, len(said), said)]
    vectors = reader.embed([one.words for one in heard])
    with transaction.atomic():
        same = (
            Case.objects.unscoped("read by the machine")
            .select_for_update(no_key=True, of=("self",))
            .filter(pk=case.pk, version=case.version)
            .first()
        )
        if same is not None:
            keep_meaning(same, vectors, [(one.start, one.end) for one in heard], reader.version)


def words_of(case: Case) -> str:
    """The words that say what a case is about: those it was raised with, else its title."""
    return case.text or case.quote or case.title


def _join(mine: Meaning, said: Meant) -> None:
    """Put it with those who say much the same; two choruses that it joins become one."""
    if not mine.came_in or mine.apart_at is not None:
        return
    # One after another, or two that come in together would each found a chorus.
    Machine.objects.get_or_create(pk=1)
    Machine.objects.select_for_update(no_key=True).get(pk=1)
    same = [
        one
        for one in voices.nearest(mine)
        if said.says_the_same(Meant(one.language, unpacked(bytes(one.sentences)), said.whole))
    ]
    if not same:
        return
    known = sorted({one.chorus_id for one in same if one.chorus_id is not None})
    chorus = known[0] if known else Chorus.objects.create(made_at=clock.now()).pk
    Meaning.objects.filter(chorus__in=known[1:]).update(chorus=chorus)
    # Also what somebody else wrote: whoever answers one answers the other.
    Answer.objects.unscoped("it follows those whom it answers").filter(chorus__in=known[1:]).update(
        chorus=chorus
    )
    Chorus.objects.filter(pk__in=known[1:]).delete()
    Meaning.objects.filter(pk__in=[mine.pk, *(one.pk for one in same)]).update(chorus=chorus)


def may_take_out(actor: Actor, meaning: Meaning) -> bool:
    subject = voices.subject_of(meaning)
    return actor.may(EDIT if isinstance(subject, Interaction) else CASES_EDIT, subject)


def _changeable(actor: Actor, meaning_id: int) -> Meaning:
    """Within reach and with the right; raises Meaning.DoesNotExist."""
    found = voices.visible(actor).get(pk=meaning_id)
    subject = voices.subject_of(found)
    actor.require(EDIT if isinstance(subject, Interaction) else CASES_EDIT, subject)
    return Meaning.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk)


@transaction.atomic
def take_out(actor: Actor, meaning_id: int) -> Meaning:
    """Say that this does not say the same as the others; the machine never puts it with them again. Raises ThemeError."""
    one = _changeable(actor, meaning_id)
    if one.chorus_id is None:
        raise ThemeError(_("It stands with no others any more."))
    one.chorus, one.apart_at, one.apart_by_id = None, clock.now(), actor.user_id
    one.save(update_fields=["chorus", "apart_at", "apart_by"])
    record(actor, signals.voice_taken_out, subject=voices.subject_of(one))
    return one


@transaction.atomic
def put_back(actor: Actor, meaning_id: int) -> Meaning:
    """Let the machine compare it with others again."""
    one = _changeable(actor, meaning_id)
    if one.apart_at is not None:
        one.apart_at = one.apart_by_id = None
        one.save(update_fields=["apart_at", "apart_by"])
        sentences_of = unpacked(bytes(one.sentences))
        _join(one, Meant(one.language, sentences_of, sentences_of.mean(axis=0)))
        record(actor, signals.voice_put_back, subject=voices.subject_of(one))
        one.refresh_from_db()
    return one
