"""Marked passages, always within the rights for the conversations they stand in."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Prefetch, Q, QuerySet, prefetch_related_objects

from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.paragraphs import find_passage
from enishi.themes.models import Overall, Passage, PassageTheme, Theme
from enishi.themes.queries.tree import below, visible


@dataclass(frozen=True)
class Filters:
    """What marks are limited to; every part is optional. ``since`` and ``until`` are moments of the conversation."""

    theme: Theme | None = None
    project_id: int | None = None
    party_id: int | None = None
    feeling: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def _talk(actor: Actor) -> Q:
    """The scope of the conversation, joined: a mark is read where its conversation is."""
    limit = Interaction.scope_condition(actor.scope(Interaction.view_right), "interaction__")
    present = Q(interaction__deleted_at__isnull=True)
    if kept := actor.kept_from.get("conversations.interaction"):
        present &= ~Q(interaction__in=kept)
    return present if limit is None else present & limit


def marks(actor: Actor, filters: Filters = Filters()) -> QuerySet[Passage]:
    """Every mark that the actor may read."""
    found = Passage.objects.filter(_talk(actor), removed_at__isnull=True)
    if filters.theme is not None:
        branch = Theme.objects.filter(below(filters.theme))
        found = found.filter(pk__in=PassageTheme.objects.filter(theme__in=branch).values("passage"))
    if filters.project_id is not None:
        found = found.filter(interaction__project_ids__contains=[filters.project_id])
    if filters.party_id is not None:
        seen = Party.objects.visible_to(actor).filter(pk=filters.party_id)
        found = found.filter(party__in=seen)
    if filters.feeling is not None:
        found = found.filter(feeling=filters.feeling)
    if filters.since is not None:
        found = found.filter(interaction__occurred_at__gte=filters.since)
    if filters.until is not None:
        found = found.filter(interaction__occurred_at__lt=filters.until)
    return found


@dataclass
class Said:
    """A mark as pages show it; ``party`` is left out for somebody whom the reader may not see."""

    mark: Passage
    themes: Sequence[Theme]
    party: Party | None

    @property
    def anchor(self) -> str:
        return f"passage-{self.mark.pk}"

    @property
    def place(self) -> tuple[int, int] | None:
        """Where its words stand now; None when they were edited away."""
        mark = self.mark
        return find_passage(mark.interaction.text, mark.quote, mark.start, mark.end)


def _said(actor: Actor, found: Iterable[Passage]) -> list[Said]:
    """Marks, read with their conversation and who marked, ready to be shown."""
    links = (
        PassageTheme.objects.filter(theme__in=visible(actor)).select_related("theme").order_by("theme__path")
    )
    rows: list[Any] = list(found)
    prefetch_related_objects(rows, Prefetch("links", queryset=links, to_attr="seen_links"))
    wanted = {row.party_id for row in rows if row.party_id is not None}
    people = Party.objects.visible_to(actor).in_bulk(list(wanted)) if wanted else {}
    return [Said(row, [link.theme for link in row.seen_links], people.get(row.party_id or 0)) for row in rows]


@prepared
def _in(actor: Actor, interaction_ids: list[int]) -> QuerySet[Passage]:
    found = marks(actor).filter(interaction__among=interaction_ids).select_related("interaction", "user")
    return found.order_by("start", "end", "pk")


def marks_in(actor: Actor, interaction_ids: Iterable[int]) -> dict[int, list[Said]]:
    """The marks of these conversations, in the order of the words."""
    found: dict[int, list[Said]] = defaultdict(list)
    for said in _said(actor, _in(actor, list(interaction_ids))):
        found[said.mark.interaction_id].append(said)
    return found


def marks_of(actor: Actor, interaction: Interaction) -> list[Said]:
    """The marks of one conversation, read once for all that its page shows."""
    kept: dict[int, list[Said]] = interaction.__dict__.setdefault("_marks_read", {})
    if actor.own_id not in kept:
        kept[actor.own_id] = marks_in(actor, [interaction.pk])[interaction.pk]
    return kept[actor.own_id]


def passage(actor: Actor, passage_id: int) -> Said:
    """One mark; raises Passage.DoesNotExist."""
    found = _said(actor, marks(actor).filter(pk=passage_id).select_related("interaction", "user"))
    if not found:
        raise Passage.DoesNotExist
    return found[0]


def passages(
    actor: Actor, filters: Filters, *, after: tuple[dt.datetime, int] | None = None, limit: int = 50
) -> tuple[list[Said], tuple[dt.datetime, int] | None]:
    """One page of marks, the newest conversation first, and where the next page begins."""
    found = marks(actor, filters).select_related("interaction", "user")
    if after is not None:
        moment, pk = after
        found = found.filter(
            Q(interaction__occurred_at__lt=moment) | Q(interaction__occurred_at=moment, pk__lt=pk)
        )
    rows = _said(actor, found.order_by("-interaction__occurred_at", "-pk")[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1].mark
    return rows[:limit], (last.interaction.occurred_at, last.pk)


@dataclass(frozen=True)
class Speaker:
    """Somebody who said it, how often and when last."""

    party: Party
    count: int
    last_at: dt.datetime


def speakers(actor: Actor, filters: Filters, *, limit: int = 50) -> list[Speaker]:
    """Who said it, most often first."""
    rows = list(
        marks(actor, filters)
        .filter(party__in=Party.objects.visible_to(actor).present())
        .order_by()
        .values("party")
        .annotate(count=Count("pk"), last_at=Max("interaction__occurred_at"))
        .order_by("-count", "-last_at")[:limit]
    )
    people = Party.objects.visible_to(actor).in_bulk([row["party"] for row in rows])
    return [Speaker(people[row["party"]], row["count"], row["last_at"]) for row in rows]


@prepared
def overalls_in(actor: Actor, interaction_id: int) -> QuerySet[Overall]:
    """How a conversation felt to somebody as a whole: first to all, then to those who took part and may be seen."""
    found = Overall.objects.filter(_talk(actor), interaction=interaction_id).select_related("party", "user")
    seen = Party.objects.visible_to(actor).values("pk")
    shown = found.filter(Q(party__isnull=True) | Q(party__in=seen))
    return shown.order_by("party__full_name", "pk")


@prepared
def took_part(actor: Actor, interaction_id: int) -> QuerySet[Party]:
    """The contacts who took part and may be seen: who may have said something."""
    links = Participant.objects.filter(interaction=interaction_id).values("party")
    return Party.objects.visible_to(actor).present().filter(pk__in=links).order_by("full_name", "pk")


def talks_with_theme(actor: Actor, value: str) -> QuerySet[Passage]:
    """The conversations in which a theme was heard, for narrowing a list; nothing for what is no theme."""
    chosen = visible(actor).filter(pk=int(value)).first() if value.isdecimal() and len(value) < 19 else None
    found = marks(actor, Filters(theme=chosen)) if chosen else Passage.objects.none()
    return found.values("interaction")  # type: ignore[return-value]


def talks_with_feeling(actor: Actor, value: str) -> Q:
    """The conversations with a passage, or an overall judgement, of that feeling, as a condition on them."""
    feeling = int(value) if value.isdecimal() and len(value) == 1 else 0
    heard = Passage.objects.filter(feeling=feeling, removed_at__isnull=True).values("interaction")
    judged = Overall.objects.filter(feeling=feeling, party__isnull=True).values("interaction")
    return Q(pk__in=heard) | Q(pk__in=judged)
