"""Who wrote and is nobody yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, Max, OuterRef

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.conversations.models import Interaction, Participant, UnknownSender


@dataclass(frozen=True)
class Waiting:
    """An unknown address with what the actor may know of it."""

    sender: UnknownSender
    messages: int
    last_at: dt.datetime | None


def _messages(actor: Actor) -> ScopedQuerySet[Interaction]:
    return Interaction.objects.visible_to(actor).filter(deleted_at__isnull=True)


def open_senders(actor: Actor) -> ScopedQuerySet[UnknownSender]:
    """Unknown addresses that the actor has a message of: one that wrote only in confidence leaves no trace."""
    seen = Participant.objects.filter(
        address=OuterRef("address"), party__isnull=True, user__isnull=True, interaction__in=_messages(actor)
    )
    return UnknownSender.objects.visible_to(actor).filter(Exists(seen), state=UnknownSender.State.OPEN)


def senders(actor: Actor, *, after: tuple[dt.datetime, int] | None = None, limit: int = 30) -> list[Waiting]:
    """One page of the review queue, last message first, with the numbers that the actor may see."""
    found = open_senders(actor)
    if after is not None:
        at, pk = after
        found = found.filter(last_at__lte=at).exclude(last_at=at, id__gte=pk)
    return count_messages(actor, list(found.select_related("reviewer").order_by("-last_at", "-id")[:limit]))


def count_messages(actor: Actor, listed: Sequence[UnknownSender]) -> list[Waiting]:
    rows = (
        Participant.objects.filter(
            address__in=[sender.address for sender in listed],
            party__isnull=True,
            user__isnull=True,
            interaction__in=_messages(actor),
        )
        .values_list("address")
        .annotate(n=Count("interaction", distinct=True), last=Max("interaction__occurred_at"))
        .order_by()
    )
    known = {address: (n, last) for address, n, last in rows}
    return [Waiting(sender, *known.get(sender.address, (0, None))) for sender in listed]


def sender(actor: Actor, sender_id: int) -> UnknownSender:
    """One address, whatever became of it; raises DoesNotExist for what the actor may not see."""
    return UnknownSender.objects.visible_to(actor).get(pk=sender_id)


def senders_count(actor: Actor) -> int:
    return open_senders(actor).count()
