"""The story of a person, rolled up to their organisation and group: every kind of thing in one thread."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.contacts.queries.affiliations import affiliated
from enishi.core import registry
from enishi.timeline.queries import Place, Position, family_counts, items_for, timeline


@dataclass(frozen=True)
class View:
    """What of a timeline is wanted."""

    rollup: bool = True
    family: str = ""
    channel: str = ""
    person_id: int | None = None
    project_id: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    without: Collection[int] = ()
    """Rolled-up parties that are switched off."""


@dataclass(frozen=True)
class Drawn:
    """One thing of a timeline with what its own app draws."""

    place: Place
    shown: registry.Shown


@dataclass(frozen=True)
class Thread:
    """One page of a timeline."""

    items: Sequence[Drawn]
    after: Position | None
    sources: Sequence[Party]
    counts: dict[str, int]


def sources_of(actor: Actor, party: Party) -> list[Party]:
    """Who is rolled up into this party's timeline."""
    return [] if party.kind == Party.Kind.PERSON else affiliated(actor, party.pk)


def party_timeline(
    actor: Actor, party: Party, view: View = View(), *, after: Position | None = None, limit: int = 20
) -> Thread:
    """A page of the timeline of a party and of those rolled up into it, newest first, each thing once."""
    sources = sources_of(actor, party) if view.rollup else []
    ids = _party_ids(party, sources, view)
    places = timeline(
        actor,
        ids,
        family=view.family,
        channel=view.channel,
        project_id=view.project_id,
        since=view.since,
        until=view.until,
        after=after,
        limit=limit + 1,
    )
    more, places = len(places) > limit, places[:limit]
    end = Position(places[-1].occurred_at, places[-1].item_id) if more else None
    counts = family_counts(actor, ids) if after is None else {}
    return Thread(draw(actor, _not_shown_before(actor, places, ids, after)), end, sources, counts)


def _party_ids(party: Party, sources: Sequence[Party], view: View) -> list[int]:
    ids = [party.pk, *(source.pk for source in sources)]
    if view.person_id is not None:
        return [pk for pk in ids if pk == view.person_id]
    return [pk for pk in ids if pk not in view.without]


def _not_shown_before(
    actor: Actor, places: Sequence[Place], ids: Sequence[int], after: Position | None
) -> list[Place]:
    """Without things that end the page before: a meeting has a place for each person, all at one moment."""
    if after is None or not places or places[0].occurred_at != after.occurred_at:
        return list(places)
    shown = set(
        items_for(actor)
        .filter(party_id__in=ids, occurred_at=after.occurred_at, id__gte=after.item_id)
        .values_list("subject_type", "subject_id")
    )
    return [place for place in places if (place.subject_type, place.subject_id) not in shown]


def draw(actor: Actor, places: Iterable[Place]) -> list[Drawn]:
    """Let the app that owns each thing draw it: one call for a kind, whatever the number of things."""
    listed = list(places)
    by_kind: dict[str, list[int]] = defaultdict(list)
    for place in listed:
        by_kind[place.subject_type].append(place.subject_id)
    drawn: dict[tuple[str, int], registry.Shown] = {}
    for kind, ids in by_kind.items():
        provider = registry.provider("timeline.draw", kind)
        if provider is not None:
            drawn.update({(kind, subject_id): shown for subject_id, shown in provider(actor, ids).items()})
    held = _held(listed, drawn)
    return [
        Drawn(place, drawn[key])
        for place in listed
        if (key := (place.subject_type, place.subject_id)) in drawn and (*key, place.occurred_at) not in held
    ]


def _held(
    places: Iterable[Place], drawn: Mapping[tuple[str, int], registry.Shown]
) -> set[tuple[str, int, dt.datetime]]:
    """What something else on the page shows as made from it at that moment (``holds`` of its context)."""
    return {
        (*thing, place.occurred_at)
        for place in places
        if (shown := drawn.get((place.subject_type, place.subject_id))) is not None
        for thing in shown.context.get("holds", ())
    }


__all__ = ["Drawn", "Thread", "View", "draw", "party_timeline", "sources_of"]
