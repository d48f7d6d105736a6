"""Reading endpoints, what they are to be told, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from enishi.accounts.access import Actor
from enishi.core import clock
from enishi.core.events import known_events
from enishi.timeline.models import Entry
from enishi.timeline.queries import readable
from enishi.webhooks.models import Attempt, Delivery, Endpoint, Fresh

RIGHT = "webhooks.manage"
TEST = "webhooks.test"
_OURS = frozenset({"accounts", "timeline", "privacy", "writing", "webhooks", "mailboxes"})
"""What happens to the installation itself is no business of other programs."""
PAGE = 30
BATCH = 1000


@dataclass(frozen=True)
class EventGroup:
    """The events of one app, as they are offered."""

    label: Any
    events: list[tuple[str, Any]]


def offered() -> list[EventGroup]:
    """The events that an endpoint can be told of, by app."""
    groups: dict[str, list[tuple[str, Any]]] = {}
    for event in known_events():
        app = event.code.partition(".")[0]
        if app not in _OURS and apps.is_installed(f"enishi.{app}"):
            groups.setdefault(app, []).append((event.code, event.label))
    found = [EventGroup(apps.get_app_config(app).verbose_name, events) for app, events in groups.items()]
    return sorted(found, key=lambda group: str(group.label))


def endpoints(actor: Actor) -> QuerySet[Endpoint]:
    """All of them, each with how many messages wait (``waiting``) and when the last was made (``last_at``)."""
    actor.require_everywhere(RIGHT)
    own = Delivery.objects.filter(endpoint=OuterRef("pk"))
    waits = own.filter(state=Delivery.State.WAITING).order_by().values("endpoint").annotate(n=Count("pk"))
    return (
        Endpoint.objects.select_related("owner")
        .annotate(
            waiting=Coalesce(Subquery(waits.values("n")), 0),
            last_at=Subquery(own.order_by("-pk").values("created_at")[:1]),
        )
        .order_by("pk")
    )


def endpoint(actor: Actor, endpoint_id: int) -> Endpoint:
    actor.require_everywhere(RIGHT)
    return Endpoint.objects.select_related("owner").get(pk=endpoint_id)


def waiting(found: Endpoint) -> int:
    return found.deliveries.filter(state=Delivery.State.WAITING).count()


@dataclass(frozen=True)
class Listed:
    """A message with its attempts; ``entry`` is None for a test and for what the reader may not see (then ``hidden``)."""

    delivery: Delivery
    attempts: list[Attempt]
    entry: Entry | None
    hidden: bool


@dataclass(frozen=True)
class Deliveries:
    rows: list[Listed]
    next: int | None


def deliveries(actor: Actor, found: Endpoint, *, before: int | None = None) -> Deliveries:
    """One page of messages, newest first. What a message is about is told to whoever may read that."""
    rows = (
        found.deliveries.prefetch_related(Prefetch("attempts", Attempt.objects.order_by("-id")))
        .order_by("-id")
        .filter(**({} if before is None else {"pk__lt": before}))
    )
    page = list(rows[: PAGE + 1])
    known = readable(actor).in_bulk([row.entry_id for row in page if row.entry_id])
    listed = [
        Listed(
            row,
            list(row.attempts.all()),
            entry := known.get(row.entry_id or 0),
            hidden=row.entry_id is not None and entry is None,
        )
        for row in page[:PAGE]
    ]
    return Deliveries(listed, page[PAGE - 1].pk if len(page) > PAGE else None)


def delivery(actor: Actor, delivery_id: int) -> Delivery:
    actor.require_everywhere(RIGHT)
    return Delivery.objects.select_related("endpoint__owner").get(pk=delivery_id)


def wanted(actor: Actor, found: Endpoint, entry_ids: Iterable[int]) -> list[int]:
    """Those entries that an endpoint is told of: chosen events and projects, and only what its owner may read."""
    entries = readable(actor).filter(pk__in=list(entry_ids), event__in=found.events)
    if found.project_ids:
        entries = entries.filter(project_ids__overlap=found.project_ids)
    return list(entries.order_by("pk").values_list("pk", flat=True))


def fresh() -> list[int]:
    """Entries that wait to be sorted; another run that has them in hand keeps them."""
    rows = Fresh.objects.select_for_update(skip_locked=True).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:BATCH])


def next_waiting(found: Endpoint, limit: int) -> Sequence[Delivery]:
    """What is sent next, in the order of the history."""
    rows = found.deliveries.filter(state=Delivery.State.WAITING, entry__isnull=False)
    return list(rows.order_by("pk")[:limit])


def due() -> list[int]:
    """The endpoints that have something to send and are not waiting out a pause."""
    has_waiting = Q(deliveries__state=Delivery.State.WAITING, deliveries__entry__isnull=False)
    in_time = Q(next_at__isnull=True) | Q(next_at__lte=clock.now())
    found = Endpoint.objects.filter(has_waiting, in_time, is_on=True)
    return list(found.order_by("pk").distinct().values_list("pk", flat=True))


def entries(actor: Actor, rows: Sequence[Delivery]) -> Mapping[int, Entry]:
    """What messages are about, as far as it may be read now."""
    return readable(actor).in_bulk([row.entry_id for row in rows if row.entry_id])
