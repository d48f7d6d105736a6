"""What conversations tell before the next one: the last on each channel, what waits, what is planned, what was said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from enishi.accounts.access import Actor, Level
from enishi.commitments.queries import quoted
from enishi.contacts.queries.briefs import Occasion, Subject, each_of
from enishi.conversations.models import Interaction, InteractionQuerySet, Participant
from enishi.conversations.paragraphs import excerpt
from enishi.conversations.queries.interactions import present, visible_participants
from enishi.core import clock

WORDS = 3
LONGEST = 280
_THEIRS = (Participant.Role.FROM, Participant.Role.WITH)


@dataclass(frozen=True)
class Quote:
    """Words with where they were said; ``anchor`` is the passage in that conversation."""

    words: str
    talk: Interaction
    anchor: str = ""


@dataclass
class Known:
    """What was said with one subject, without anything confidential; ``left_off`` counts confidential talks."""

    last: list[Interaction] = field(default_factory=list)
    waiting: Interaction | None = None
    planned: Interaction | None = None
    quotes: list[Quote] = field(default_factory=list)
    left_off: int = 0


def known_of(actor: Actor, subjects: Sequence[Subject]) -> dict[int, Known]:
    """The same number of queries for any number of subjects."""
    within = each_of(subjects)
    found = {subject.party.pk: Known() for subject in subjects}
    for party_id, talk in _first_of(
        actor, within, Q(interaction__occurred_at__lte=clock.now()), channel=True
    ):
        for pk in within[party_id]:
            _keep_latest(found[pk].last, talk)
    waits = Q(interaction__answer=Interaction.Answer.WAITING, role__in=_THEIRS)
    for party_id, talk in _first_of(actor, within, waits, oldest=True):
        for pk in within[party_id]:
            found[pk].waiting = _sooner(found[pk].waiting, talk)
    for party_id, talk in _first_of(actor, within, Q(interaction__occurred_at__gt=clock.now()), oldest=True):
        for pk in within[party_id]:
            found[pk].planned = _sooner(found[pk].planned, talk)
    for pk, talks in _confidential(actor, within).items():
        found[pk].left_off = len(talks)
    _quote(actor, within, found)
    for known in found.values():
        known.last.sort(key=lambda talk: talk.occurred_at, reverse=True)
    return found


def _seen(actor: Actor) -> Q:
    here = Q(interaction__deleted_at__isnull=True)
    limit = Interaction.scope_condition(actor.scope(Interaction.view_right), "interaction__")
    return here if limit is None else here & limit


def _first_of(
    actor: Actor, party_ids: Collection[int], wanted: Q, *, channel: bool = False, oldest: bool = False
) -> list[tuple[int, Interaction]]:
    """Of each party the newest (or oldest) talk of that kind, on each channel if so asked, in one query."""
    by = ["party_id", *(["interaction__channel"] if channel else [])]
    sign = "" if oldest else "-"
    rows = (
        Participant.objects.filter(
            _seen(actor),
            wanted,
            party__in=list(party_ids),
            interaction__confidentiality__lt=Level.CONFIDENTIAL,
        )
        .select_related("interaction")
        .order_by(*by, f"{sign}interaction__occurred_at", f"{sign}interaction_id")
        .distinct(*by)
    )
    return [(row.party_id, row.interaction) for row in rows if row.party_id is not None]


def _keep_latest(talks: list[Interaction], talk: Interaction) -> None:
    for place, other in enumerate(talks):
        if other.channel == talk.channel:
            if other.occurred_at < talk.occurred_at:
                talks[place] = talk
            return
    talks.append(talk)


def _sooner(one: Interaction | None, other: Interaction) -> Interaction:
    return other if one is None or other.occurred_at < one.occurred_at else one


def _confidential(actor: Actor, within: dict[int, list[int]]) -> dict[int, set[int]]:
    rows = Participant.objects.filter(
        _seen(actor), party__in=list(within), interaction__confidentiality__gte=Level.CONFIDENTIAL
    )
    found: dict[int, set[int]] = {}
    for party_id, talk_id in rows.order_by().values_list("party_id", "interaction_id"):
        for pk in within[party_id or 0]:
            found.setdefault(pk, set()).add(talk_id)
    return found


def _quote(actor: Actor, within: dict[int, list[int]], found: dict[int, Known]) -> None:
    """First the passages that became promises, then the last words that they wrote themselves."""
    promises = quoted(actor, within, each=WORDS)
    ids = {promise.said_in_id for promise in promises if promise.said_in_id is not None}
    talks = present(actor).filter(pk__in=ids, confidentiality__lt=Level.CONFIDENTIAL).in_bulk()
    for promise in promises:
        talk = talks.get(promise.said_in_id or 0)
        if talk is not None:
            for pk in within[promise.party_id or 0]:
                _add(found[pk], Quote(_short(promise.quote), talk, f"promise-{promise.pk}"))
    for party_id, talk in _own_words(actor, within):
        words = _short(excerpt(talk.text, talk.folds, most=LONGEST))
        for pk in within[party_id]:
            if words and all(quote.talk.pk != talk.pk for quote in found[pk].quotes):
                _add(found[pk], Quote(words, talk))


def _add(known: Known, quote: Quote) -> None:
    if len(known.quotes) < WORDS:
        known.quotes.append(quote)


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}…"


def _own_words(actor: Actor, party_ids: Collection[int]) -> list[tuple[int, Interaction]]:
    """The last things that each of them wrote or said themselves, newest first."""
    nth = Window(RowNumber(), partition_by="party", order_by=F("interaction__occurred_at").desc())
    rows = (
        Participant.objects.filter(
            _seen(actor),
            party__in=list(party_ids),
            role__in=_THEIRS,
            interaction__direction=Interaction.Direction.IN,
            interaction__confidentiality__lt=Level.CONFIDENTIAL,
        )
        .exclude(interaction__text="")
        .annotate(nth=nth)
        .filter(nth__lte=WORDS)
        .select_related("interaction")
        .order_by("-interaction__occurred_at", "-interaction_id")
    )
    return [(row.party_id, row.interaction) for row in rows if row.party_id is not None]


def occasion_of(actor: Actor, interaction_id: int) -> Occasion | None:
    """Who takes part in a conversation that the actor may see, when and where; of a confidential one only who and when."""
    talk = present(actor).filter(pk=interaction_id).first()
    if talk is None:
        return None
    people = visible_participants(actor, [talk.pk])
    told = talk.confidentiality < Level.CONFIDENTIAL
    return Occasion(
        party_ids=[one.party_id for one in people if one.party_id is not None],
        at=talk.occurred_at,
        url=reverse("conversations:interaction", args=[talk.pk]),
        title=talk.subject if told else "",
        place=talk.place if told else "",
    )


def planned(
    actor: Actor, *, until: dt.datetime, project_id: int | None = None, limit: int = 6
) -> InteractionQuerySet:
    """Talks to come in which the actor takes part, or that the actor wrote down; soonest first."""
    mine = Participant.objects.filter(user=actor.own_id).values("interaction")
    found = present(actor).filter(occurred_at__gt=clock.now(), occurred_at__lt=until)
    if project_id is not None:
        found = found.filter(project_ids__contains=[project_id])
    return found.filter(Q(user=actor.own_id) | Q(pk__in=mine)).order_by("occurred_at", "id")[:limit]
