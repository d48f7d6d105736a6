"""Answer debt: how many conversations wait for our answer, and since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from enishi.accounts.access import Actor
from enishi.conversations.models import Interaction
from enishi.conversations.queries.interactions import present
from enishi.core import clock


@dataclass(frozen=True)
class Span:
    """Those that wait since a day from ``since`` to ``until``, both included, by the reader's days; None: no such end."""

    since: dt.date | None
    until: dt.date | None
    count: int


@dataclass(frozen=True)
class Debt:
    """All that wait, and of these: since today or yesterday, for two to six days, for a week or longer."""

    total: int
    spans: Sequence[Span]
    oldest_id: int | None
    days: int
    """For how many days the oldest has been waiting."""


def answer_debt(actor: Actor, *, project_id: int | None = None) -> Debt:
    """What waits for an answer of ours by its age, in two queries."""
    found = present(actor).filter(answer=Interaction.Answer.WAITING)
    if project_id is not None:
        found = found.filter(project_ids__contains=[project_id])
    today = timezone.localdate(clock.now())
    fresh, week = today - dt.timedelta(days=1), today - dt.timedelta(days=6)
    recent, older = Q(occurred_at__gte=_midnight(fresh)), Q(occurred_at__lt=_midnight(week))
    counted = found.aggregate(
        total=Count("pk"),
        recent=Count("pk", filter=recent),
        between=Count("pk", filter=~recent & ~older),
        older=Count("pk", filter=older),
    )
    oldest = found.order_by("occurred_at", "id").values_list("pk", "occurred_at").first()
    return Debt(
        total=counted["total"],
        spans=[
            Span(fresh, None, counted["recent"]),
            Span(week, fresh - dt.timedelta(days=1), counted["between"]),
            Span(None, week - dt.timedelta(days=1), counted["older"]),
        ],
        oldest_id=oldest[0] if oldest else None,
        days=(today - timezone.localdate(oldest[1])).days if oldest else 0,
    )


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
