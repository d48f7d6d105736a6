"""Reading the history, timelines and notifications."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import models
from django.db.models import Count, QuerySet

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.timeline.models import Entry, Item, Notification, Operation


def recorded(entry_id: int) -> Entry:
    """The entry that is being delivered to a receiver."""
    return Entry.objects.unscoped("delivery of a recorded event").get(pk=entry_id)


def history_of(actor: Actor, subject_type: str, subject_id: int) -> ScopedQuerySet[Entry]:
    """The entries of one record, newest first."""
    return (
        Entry.objects.visible_to(actor)
        .filter(subject_type=subject_type, subject_id=subject_id)
        .select_related("operation")
        .order_by("-id")
    )


def history(
    actor: Actor,
    *,
    event_prefix: str = "",
    user_id: int | None = None,
    project_id: int | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> ScopedQuerySet[Entry]:
    """Everything that happened within the actor's rights, newest first."""
    entries = Entry.objects.visible_to(actor)
    if event_prefix:
        entries = entries.filter(event__startswith=event_prefix)
    if user_id is not None:
        entries = entries.filter(user_id=user_id)
    if project_id is not None:
        entries = entries.filter(project_ids__contains=[project_id])
    if since is not None:
        entries = entries.filter(at__gte=since)
    if until is not None:
        entries = entries.filter(at__lt=until)
    return entries.order_by("-id")


def operations(actor: Actor) -> ScopedQuerySet[Operation]:
    """The undo log, newest first."""
    return (
        Operation.objects.visible_to(actor).select_related("user", "undone_by").order_by("-created_at", "-id")
    )


@dataclass(frozen=True)
class Place:
    """One line of a timeline: which thing, where; its own app draws it."""

    item_id: int
    subject_type: str
    subject_id: int
    family: str
    channel: str
    occurred_at: dt.datetime
    party_id: int


@dataclass(frozen=True)
class Position:
    """Where a page of a timeline ends: the keyset."""

    occurred_at: dt.datetime
    item_id: int


def timeline(
    actor: Actor,
    party_ids: Sequence[int],
    *,
    family: str = "",
    channel: str = "",
    project_id: int | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    after: Position | None = None,
    limit: int = 30,
) -> list[Place]:
    """One page, newest first, of the timelines of these parties taken together; each thing once.

    Each party contributes its own first ``limit`` rows by its index, so the cost does not grow with the timelines.
    """
    pages = [
        _page(
            items_for(actor, family=family),
            party_id,
            channel=channel,
            project_id=project_id,
            since=since,
            until=until,
            after=after,
            limit=limit,
        )
        for party_id in party_ids
    ]
    if not pages:
        return []
    rows = pages[0] if len(pages) == 1 else pages[0].union(*pages[1:], all=True)
    places: list[Place] = []
    seen: set[tuple[str, int]] = set()
    ordered = sorted(rows, key=lambda row: (row[5], row[0]), reverse=True)
    for row in ordered:
        place = Place(*row)
        if (place.subject_type, place.subject_id) not in seen:
            seen.add((place.subject_type, place.subject_id))
            places.append(place)
    return places[:limit]


FAMILY_RIGHTS = {
    "conversation": "conversations.view",
    "promise": "commitments.view",
    "task": "commitments.view",
    "file": "content.view",
    "change": "contacts.view",
}


def items_for(actor: Actor, *, family: str = "") -> ScopedQuerySet[Item]:
    """Items within the actor's rights: each family under the right of the app that owns it."""
    items = Item.objects.unscoped("each family is limited by its own right below")
    if family:
        items = items.filter(family=family)
    if all(actor.scope(right).unlimited for right in FAMILY_RIGHTS.values()):
        return items
    condition = models.Q(pk__in=[])
    for name, right in FAMILY_RIGHTS.items():
        if family and name != family:
            continue
        limit = Item.scope_condition(actor.scope(right))
        condition |= models.Q(family=name) if limit is None else models.Q(family=name) & limit
    return items.filter(condition)


def _page(
    items: ScopedQuerySet[Item],
    party_id: int,
    *,
    channel: str,
    project_id: int | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    after: Position | None,
    limit: int,
) -> QuerySet[Item, tuple[object, ...]]:
    items = items.filter(party_id=party_id)
    if channel:
        items = items.filter(channel=channel)
    if project_id is not None:
        items = items.filter(project_ids__contains=[project_id])
    if since is not None:
        items = items.filter(occurred_at__gte=since)
    if until is not None:
        items = items.filter(occurred_at__lt=until)
    if after is not None:
        items = items.filter(occurred_at__lte=after.occurred_at).exclude(
            occurred_at=after.occurred_at, id__gte=after.item_id
        )
    return items.order_by("-occurred_at", "-id").values_list(
        "id", "subject_type", "subject_id", "family", "channel", "occurred_at", "party_id"
    )[:limit]


def family_counts(actor: Actor, party_ids: Iterable[int]) -> dict[str, int]:
    """How many things stand on these timelines, by tab."""
    rows = (
        items_for(actor)
        .filter(party_id__in=list(party_ids))
        .values_list("family")
        .annotate(n=Count("subject_id", distinct=True))
        .order_by()
    )
    return dict(rows)


def unread_notifications(actor: Actor) -> int:
    return Notification.objects.filter(user_id=actor.user_id, read_at__isnull=True).count()


def notifications(actor: Actor, *, limit: int = 30) -> QuerySet[Notification]:
    return Notification.objects.filter(user_id=actor.user_id).order_by("-at")[:limit]
