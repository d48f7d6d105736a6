"""Reading the history, timelines and notifications."""

from __future__ import annotations

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Count, QuerySet

from enishi.accounts.access import Actor, ScopedQuerySet, owned_kinds
from enishi.accounts.prepared import counted, prepared
from enishi.core import registry
from enishi.core.events import quiet_events
from enishi.timeline.as_of import State, as_of
from enishi.timeline.models import Check, Entry, Item, Notification, Operation, Seal


def recorded(entry_id: int) -> Entry:
    """The entry that is being delivered to a receiver."""
    return Entry.objects.unscoped("delivery of a recorded event").get(pk=entry_id)


CONTACT, CONTACTS = "contacts.party", "contacts.view"


@functools.cache
def _types_by_right() -> dict[str, list[str]]:
    """Which records stand under which right to see them."""
    found: dict[str, list[str]] = defaultdict(list)
    for model in apps.get_models():
        right = getattr(model, "view_right", "")
        if right and right != Entry.view_right:
            found[right].append(model._meta.label_lower)
    return dict(found)


def readable(actor: Actor) -> ScopedQuerySet[Entry]:
    """Entries within the right to the history *and* the right to see what they are about.

    A role that reads the history and not the conversations does not read the conversations there.
    """
    entries = Entry.objects.visible_to(actor)
    scope = actor.scope(Entry.view_right)
    for right, types in _types_by_right().items():
        if actor.scope(right) != scope:
            limit = Entry.scope_condition(actor.scope(right))
            if limit is not None:
                entries = entries.filter(~models.Q(subject_type__in=types) | limit)
    return entries.filter(*_reached(actor))


def _reached(actor: Actor) -> Iterator[models.Q]:
    """For whoever sees only certain people's records: what tells of the others without being one of them.

    Operations name what they changed; what hangs on a contact as a whole, like a rating, names it.
    """
    if mine := _open_to(actor):
        yield ~models.Q(subject_type=Operation._meta.label_lower) | mine
    scope = actor.scope(CONTACTS)
    if scope.owned:
        kinds = owned_kinds()
        people = frozenset[int]().union(*(part.people for part in scope.owned))
        theirs = kinds[CONTACT].objects.unscoped("only which of them belong to certain people")
        theirs = theirs.filter(kinds[CONTACT].owned_by(people))
        reached = models.Q(party_id__isnull=True) | models.Q(party_id__in=theirs.values("pk"))
        whole = Entry.scope_condition(scope.whole)
        yield models.Q(subject_type__in=[*kinds]) | (reached if whole is None else reached | whole)


def history_of(
    actor: Actor,
    subject_type: str,
    subject_id: int,
    *,
    before: int | None = None,
    until: dt.datetime | None = None,
) -> ScopedQuerySet[Entry]:
    """The entries of one record, newest first; ``before`` is the entry where the page before ended."""
    entries = readable(actor).filter(subject_type=subject_type, subject_id=subject_id)
    if until is not None:
        entries = entries.filter(at__lte=until)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return entries.select_related("operation").order_by("-id")


MOST_CHANGES = 5_000
"""A record with more changes is worked out from the latest of them."""


def record_at(actor: Actor, subject_type: str, subject_id: int, *, at: dt.datetime) -> State:
    """A record as it stood at a moment, as far as the actor may read its history."""
    latest = list(history_of(actor, subject_type, subject_id).select_related(None)[:MOST_CHANGES])
    found = as_of(reversed(latest), (at, 2**63))
    if not latest or not actor.protected:
        return found
    unread, shown = hidden(actor, latest[0]), partly(actor, latest[0])
    fields = [
        replace(field, then=shown(field.name, field.then), last=shown(field.name, field.last))
        for field in found.fields
        if field.name not in unread
    ]
    return replace(found, fields=fields)


def hidden(actor: Actor, entry: Entry) -> frozenset[str]:
    """What of an entry somebody does not read, by the names in the history."""
    ask = registry.provider("timeline.hidden", entry.subject_type) if actor.protected else None
    return ask(actor, entry) if ask is not None else frozenset()


def partly(actor: Actor, entry: Entry) -> Callable[[str, Any], Any]:
    """How a value of an entry, by its name, reads to somebody: without what in it they do not read."""
    limit = registry.provider("timeline.parts", entry.subject_type) if actor.protected else None
    return functools.partial(limit, actor, entry) if limit is not None else lambda _name, value: value


def moments_around(
    actor: Actor, subject_type: str, subject_id: int, *, at: dt.datetime
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """When the record changed last before the change that counts at a moment, and when first after it."""
    found = history_of(actor, subject_type, subject_id).select_related(None)
    past = found.filter(at__lte=at).order_by("-at").values_list("at", flat=True)
    moments = list(past.distinct()[:2])
    later = found.filter(at__gt=at).order_by("at").values_list("at", flat=True).first()
    return (moments[1] if len(moments) > 1 else None), later


def entry(actor: Actor, entry_id: int) -> Entry | None:
    return readable(actor).filter(pk=entry_id).first()


def history(
    actor: Actor,
    *,
    event: str = "",
    user_id: int | None = None,
    project_id: int | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    before: int | None = None,
) -> ScopedQuerySet[Entry]:
    """Everything that happened within the actor's rights, newest first."""
    entries = readable(actor)
    if event:
        entries = entries.filter(event=event)
    if user_id is not None:
        entries = entries.filter(user_id=user_id)
    if project_id is not None:
        entries = entries.filter(project_ids__contains=[project_id])
    if since is not None:
        entries = entries.filter(at__gte=since)
    if until is not None:
        entries = entries.filter(at__lt=until)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return entries.select_related("operation").order_by("-id")


def by_others(actor: Actor, *, since: dt.datetime, limit: int, project_id: int | None = None) -> list[Entry]:
    """What others changed since a moment, newest first; of a mass change only its last entry, which tells of the whole."""
    entries = history(actor, project_id=project_id, since=since).exclude(user_id=actor.user_id or 0)
    entries = entries.exclude(event__in=quiet_events())
    many = Operation.objects.visible_to(actor).exclude(user_id=actor.user_id or 0, undone_by__isnull=True)
    if project_id is not None:
        many = many.filter(project_ids__contains=[project_id])
    last = Entry.objects.unscoped("read within the rights below").filter(operation=models.OuterRef("pk"))
    ends = many.order_by("-id")[:limit].values_list(
        models.Subquery(last.order_by("-id").values("pk")[:1]), flat=True
    )
    alone = entries.filter(operation__isnull=True).order_by("-at", "-id")[:limit]
    found = [*alone, *entries.filter(pk__in=[pk for pk in ends if pk is not None])]
    return sorted(found, key=lambda entry: (entry.at, entry.pk), reverse=True)[:limit]


def operations(actor: Actor, *, before: int | None = None) -> ScopedQuerySet[Operation]:
    """The undo log, newest first."""
    found = Operation.objects.visible_to(actor).filter(_open_to(actor))
    found = found.select_related("user", "undone_by").order_by("-id")
    return found if before is None else found.filter(pk__lt=before)


def _open_to(actor: Actor) -> models.Q:
    """An operation names what it changed: whoever sees only certain people's records looks at their own operations."""
    narrowed = any(actor.scope(right).owned for right in _types_by_right())
    return models.Q(user_id=actor.own_id) if narrowed else models.Q()


def operation(actor: Actor, operation_id: int) -> Operation:
    """One operation within the actor's rights, or their own; raises Operation.DoesNotExist otherwise."""
    return reachable(actor).select_related("user", "undone_by").get(pk=operation_id)


def reachable(actor: Actor) -> ScopedQuerySet[Operation]:
    """Operations that the actor may look at: what one did oneself can be taken back without the right to the history."""
    limit = Operation.scope_condition(actor.scope(Operation.view_right))
    found = Operation.objects.unscoped("limited right here, and one's own are always reachable")
    seen = _open_to(actor) if limit is None else limit & _open_to(actor)
    return found.filter(seen | models.Q(user_id=actor.own_id)) if seen else found


def handovers(actor: Actor, user_id: int) -> ScopedQuerySet[Operation]:
    """What was handed over from that user, newest first, as far as the actor may look at it."""
    found = reachable(actor).filter(kind="timeline.handover", data__from=user_id)
    return found.select_related("user").order_by("-id")


def entries_of(actor: Actor, operation: Operation) -> ScopedQuerySet[Entry]:
    """What one operation changed, in order."""
    return readable(actor).filter(operation=operation).order_by("id")


@dataclass(frozen=True)
class ProofState:
    """How much of the history is sealed, the last seals (newest first), and the last check."""

    sealed: int
    unsealed: int
    seals: list[Seal]
    last_check: Check | None


def proof_state() -> ProofState:
    """The state of the proof. Says nothing of what the entries are about."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(cardinality(entry_ids)), 0) FROM timeline_seal")
        sealed = int(cursor.fetchone()[0])
    return ProofState(
        sealed=sealed,
        unsealed=Entry.objects.unscoped("a count that says nothing of what happened")
        .filter(seal__isnull=True)
        .count(),
        seals=list(Seal.objects.order_by("-id").defer("leaves", "entry_ids")[:10]),
        last_check=Check.objects.order_by("-id").first(),
    )


def check(check_id: int) -> Check:
    return Check.objects.select_related("user").get(pk=check_id)


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
    if not party_ids:
        return []
    in_project = None if project_id is None else [project_id]
    of_what = family or None, channel or None, in_project, since, until
    until_where = (after.occurred_at, after.item_id) if after else (None, None)
    rows: Iterable[tuple[Any, ...]]
    if len(party_ids) == 1:
        rows = _page(actor, party_ids[0], *of_what, *until_where, limit=limit)
    else:
        pages = [_page.build(actor, party_id, *of_what, *until_where, limit=limit) for party_id in party_ids]
        rows = pages[0].union(*pages[1:], all=True)
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
    "case": "cases.view",
    "file": "content.view",
    "change": "contacts.view",
}


def items_for(actor: Actor) -> ScopedQuerySet[Item]:
    """Items within the actor's rights: each family under the right of the app that owns it."""
    items = Item.objects.unscoped("each family is limited by its own right below").without_kept(actor)
    if all(actor.scope(right).unlimited for right in FAMILY_RIGHTS.values()):
        return items
    condition = models.Q(pk__in=[])
    for name, right in FAMILY_RIGHTS.items():
        limit = Item.scope_condition(actor.scope(right))
        condition |= models.Q(family=name) if limit is None else models.Q(family=name) & limit
    return items.filter(condition)


@prepared
def _page(
    actor: Actor,
    party_id: int,
    family: str | None,
    channel: str | None,
    projects: list[int] | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    moment: dt.datetime | None,
    item_id: int | None,
    *,
    limit: int,
) -> QuerySet[Item, tuple[Any, ...]]:
    items = items_for(actor).filter(party_id=party_id)
    if family is not None:
        items = items.filter(family=family)
    if channel is not None:
        items = items.filter(channel=channel)
    if projects is not None:
        items = items.filter(project_ids__meets=projects)
    if since is not None:
        items = items.filter(occurred_at__gte=since)
    if until is not None:
        items = items.filter(occurred_at__lt=until)
    if moment is not None:
        items = items.filter(occurred_at__lte=moment).exclude(occurred_at=moment, id__gte=item_id)
    return items.order_by("-occurred_at", "-id").values_list(
        "id", "subject_type", "subject_id", "family", "channel", "occurred_at", "party_id"
    )[:limit]


@prepared
def _family_counts(actor: Actor, party_ids: list[int]) -> QuerySet[Item, tuple[str, int]]:
    items = items_for(actor).filter(party_id__among=party_ids).values_list("family")
    return items.annotate(n=Count("subject_id", distinct=True)).order_by()


def family_counts(actor: Actor, party_ids: Iterable[int]) -> dict[str, int]:
    """How many things stand on these timelines, by tab."""
    return dict(_family_counts(actor, list(party_ids)))


@prepared
def _unread(actor: Actor) -> QuerySet[Notification, int]:
    return counted(Notification.objects.filter(user_id=actor.own_id, read_at__isnull=True))


def unread_notifications(actor: Actor) -> int:
    return _unread(actor)[0]


def notifications(actor: Actor, *, limit: int = 30, before: int | None = None) -> QuerySet[Notification]:
    """The actor's own, newest first."""
    mine = Notification.objects.filter(user_id=actor.own_id)
    if before is not None:
        mine = mine.filter(pk__lt=before)
    return mine.order_by("-id")[:limit]


def notification(actor: Actor, notification_id: int) -> Notification:
    """One of the actor's own; raises Notification.DoesNotExist."""
    return Notification.objects.get(user_id=actor.own_id, pk=notification_id)
