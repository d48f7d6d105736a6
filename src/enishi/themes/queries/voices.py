"""Who says much the same, and what happened before that was like it: always within the rights for conversations and cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet
from pgvector.django import CosineDistance

from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.cases.models import Case
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction, Participant
from enishi.themes.machine.meaning import MAYBE
from enishi.themes.models import Meaning
from enishi.themes.queries.figures import Period

LIKE = 0.5
"""From here on a case before is like this one; two that have nothing in common rarely come so near."""
COMPARED = 40
"""The nearest texts that are compared sentence by sentence."""
LISTED = 100
SENDS = (Participant.Role.FROM, Participant.Role.WITH)
SHOWN = 300


def nearest(mine: Meaning) -> Sequence[Meaning]:
    """What came in and may say the same as this, nearest first. Whoever asks: it is for the machine, not for a page."""
    found = (
        Meaning.objects.filter(came_in=True, apart_at__isnull=True)
        .annotate(far=CosineDistance("whole", mine.whole))
        .order_by("far")
        .defer("whole", "places")
    )
    with connection.cursor() as cursor:
        # Copies of one form letter fill the first answers of the index; this lets it look on.
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
    return [
        one
        for one in found[: COMPARED + 1]
        if one.pk != mine.pk and one.reader == mine.reader and one.far <= 1 - MAYBE
    ][:COMPARED]


def visible(actor: Actor) -> QuerySet[Meaning]:
    """What the actor may read."""
    talks = Interaction.objects.visible_to(actor).present()
    cases = Case.objects.visible_to(actor)
    return Meaning.objects.filter(
        Q(interaction__in=talks.values("pk")) | Q(case__in=cases.values("pk"))
    ).select_related("interaction", "case")


def subject_of(meaning: Meaning) -> Interaction | Case:
    subject = meaning.interaction or meaning.case
    assert subject is not None  # meaning_of_one_thing
    return subject


@dataclass(frozen=True)
class Alike:
    """What a page says of a text: how many others say much the same, in how many languages together with it."""

    meaning: Meaning
    others: int
    languages: Sequence[str]


@prepared
def _meaning(pk: int, *, of: str) -> QuerySet[Meaning]:
    return Meaning.objects.filter(**{of: pk}, came_in=True).defer("whole", "sentences")


def alike(actor: Actor, subject: Interaction | Case) -> Alike | None:
    """Who else says much the same as a conversation or case that the actor has in hand; None where nobody does."""
    mine = _meaning.first(subject.pk, of="interaction" if isinstance(subject, Interaction) else "case")
    if mine is None or (mine.chorus_id is None and mine.apart_at is None):
        return None
    if mine.chorus_id is None:
        return Alike(mine, 0, [])
    found = (
        visible(actor).filter(chorus=mine.chorus_id).exclude(pk=mine.pk).values_list("language", flat=True)
    )
    others = list(found)
    return Alike(mine, len(others), sorted({*others, mine.language})) if others else None


@dataclass(frozen=True)
class Together:
    """One chorus as the list shows it: how many voices in a period, in which languages, and the newest of them."""

    chorus_id: int
    count: int
    languages: Sequence[str]
    first_at: dt.datetime
    last_at: dt.datetime
    newest: Meaning


def _in_project(found: QuerySet[Meaning], project_id: int | None) -> QuerySet[Meaning]:
    if project_id is None:
        return found
    return found.filter(Q(interaction__project_ids__contains=[project_id]) | Q(case__project=project_id))


def choruses(actor: Actor, period: Period, project_id: int | None) -> list[Together]:
    """Where at least two say much the same in a period, most voices first; at most a hundred."""
    found = _in_project(visible(actor), project_id).filter(
        chorus__isnull=False, at__gte=period.since, at__lt=period.until
    )
    rows = list(
        found.order_by()
        .values("chorus")
        .annotate(
            count=Count("pk"),
            languages=ArrayAgg("language", distinct=True),
            first_at=Min("at"),
            last_at=Max("at"),
        )
        .filter(count__gte=2)
        .order_by("-count", "-last_at")[:LISTED]
    )
    newest = {
        one.chorus_id: one
        for one in found.filter(chorus__in=[row["chorus"] for row in rows])
        .order_by("chorus", "-at", "-pk")
        .distinct("chorus")
        .defer("whole", "sentences")
    }
    return [
        Together(
            row["chorus"],
            row["count"],
            row["languages"],
            row["first_at"],
            row["last_at"],
            newest[row["chorus"]],
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Voice:
    """One of those who say much the same, with who sent it as far as the reader may see them."""

    meaning: Meaning
    people: Sequence[Party] = ()

    @property
    def subject(self) -> Interaction | Case:
        return subject_of(self.meaning)

    @property
    def words(self) -> str:
        return words(self.meaning)


def words(meaning: Meaning) -> str:
    """What was said, as far as the machine compared it."""
    subject = subject_of(meaning)
    text = subject.text or (subject.quote or subject.title if isinstance(subject, Case) else "")
    return text[meaning.places[0] : meaning.places[-1]] if meaning.places else ""


def voices(actor: Actor, chorus_id: int, project_id: int | None = None) -> list[Voice]:
    """Those who say much the same, newest first: at most a few hundred; none for what is out of reach."""
    found = _in_project(visible(actor), project_id).filter(chorus=chorus_id)
    listed = list(found.order_by("-at", "-pk").defer("whole")[:SHOWN])
    known = senders(actor, listed)
    return [Voice(one, known.get(one.pk, ())) for one in listed]


def count(actor: Actor, chorus_id: int, project_id: int | None = None) -> int:
    return _in_project(visible(actor), project_id).filter(chorus=chorus_id).count()


def senders(actor: Actor, listed: Iterable[Meaning]) -> dict[int, list[Party]]:
    """From whom each came, in two queries."""
    by_talk = {one.interaction_id: one.pk for one in listed if one.interaction_id is not None}
    links = [
        (by_talk[talk], party)
        for talk, party in Participant.objects.filter(
            interaction__in=list(by_talk),
            party__isnull=False,
            role__in=SENDS,
        )
        .order_by("position", "pk")
        .values_list("interaction_id", "party_id")
    ]
    links += [(one.pk, one.case.party_id) for one in listed if one.case is not None and one.case.party_id]
    people = Party.objects.visible_to(actor).present().in_bulk({party for _pk, party in links if party})
    found: dict[int, list[Party]] = {}
    for pk, party in links:
        if party in people:
            found.setdefault(pk, []).append(people[party])
    return found


def past_cases(actor: Actor, case: Case, *, limit: int = 5) -> list[Case]:
    """Closed cases that are like this one, the most alike first, as far as the actor may see them.

    Compared one by one and not by the index: what a reader may see is a small part of it, and the answer must not depend on the rest.
    """
    mine = Meaning.objects.filter(case=case).only("whole", "reader").first()
    if mine is None:
        return []
    found = (
        Case.objects.visible_to(actor)
        .filter(closed_at__isnull=False, meaning__reader=mine.reader)
        .exclude(pk=case.pk)
        .annotate(far=CosineDistance("meaning__whole", mine.whole))
        .filter(far__lte=1 - LIKE)
    )
    return list(found.order_by("far", "-pk")[:limit])
