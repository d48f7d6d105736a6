"""How well we keep our word: by team, project or person, month by month, beside the period before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from enishi.accounts.access import Actor
from enishi.commitments.models import Promise
from enishi.commitments.queries.figures import GROUPINGS, Rate
from enishi.commitments.queries.ledger import Filter, promises
from enishi.commitments.queries.month import bounds
from enishi.core import clock

ONE_DAY = dt.timedelta(days=1)
_KEPT = Count("pk", filter=Q(state=Promise.State.KEPT), distinct=True)


@dataclass(frozen=True)
class Span:
    """Days of a period, both included."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Compared:
    """A rate with the one of as many months before."""

    rate: Rate
    before: Rate


@dataclass(frozen=True)
class Report:
    """The whole, its parts and its months; each number counts the rows of ``span`` or of its month."""

    span: Span
    before: Span
    whole: Compared
    rows: Sequence[Compared]
    months: Sequence[tuple[Span, Rate]]


def kept_report(actor: Actor, by: str, filters: Filter, *, months: int = 3) -> Report:
    """The last months of the reader's calendar up to today, by ``team``, ``project`` or ``owner``; in six queries."""
    spans = _months(2 * months)
    today = timezone.localdate(clock.now())
    now, before = Span(spans[months].first, today), Span(spans[0].first, spans[months - 1].last)
    current, earlier = _grouped(actor, by, filters, now), _grouped(actor, by, filters, before)
    rows = [Compared(rate, earlier.get(key, Rate(0, 0, key, rate.label))) for key, rate in current.items()]
    rows.sort(key=lambda row: (-(row.rate.share or 0), -row.rate.total, row.rate.label))
    return Report(
        span=now,
        before=before,
        whole=Compared(_whole(actor, filters, now), _whole(actor, filters, before)),
        rows=rows,
        months=_by_month(
            actor, filters, [replace(span, last=min(span.last, today)) for span in spans[months:]]
        ),
    )


def _months(count: int) -> list[Span]:
    """The present month and those before it, oldest first."""
    found, day = [], timezone.localdate(clock.now())
    for _nth in range(count):
        first, last = bounds(day)
        found.append(Span(first, last))
        day = first - ONE_DAY
    return found[::-1]


def _within(actor: Actor, filters: Filter, span: Span) -> Any:
    """The rows that the ledger shows for the same dates."""
    return promises(actor, replace(filters, state="all", decided_from=span.first, decided_until=span.last))


def _whole(actor: Actor, filters: Filter, span: Span) -> Rate:
    row = _within(actor, filters, span).aggregate(kept=_KEPT, total=Count("pk", distinct=True))
    return Rate(row["kept"], row["total"])


def _grouped(actor: Actor, by: str, filters: Filter, span: Span) -> dict[int, Rate]:
    key, label = GROUPINGS[by]
    rows = (
        _within(actor, filters, span)
        .filter(**{f"{key}__isnull": False})
        .order_by()
        .values(key=F(key), label=F(label))
        .annotate(kept=_KEPT, total=Count("pk", distinct=True))
    )
    return {row["key"]: Rate(row["kept"], row["total"], row["key"], row["label"]) for row in rows}


def _by_month(actor: Actor, filters: Filter, spans: Sequence[Span]) -> list[tuple[Span, Rate]]:
    zone = timezone.get_current_timezone()
    counts: dict[str, Any] = {}
    for nth, span in enumerate(spans):
        start, end = (dt.datetime.combine(day, dt.time(), zone) for day in (span.first, span.last + ONE_DAY))
        inside = Q(decided_at__gte=start, decided_at__lt=end)
        counts[f"total{nth}"] = Count("pk", filter=inside, distinct=True)
        counts[f"kept{nth}"] = Count("pk", filter=inside & Q(state=Promise.State.KEPT), distinct=True)
    row = _within(actor, filters, Span(spans[0].first, spans[-1].last)).aggregate(**counts)
    return [(span, Rate(row[f"kept{nth}"], row[f"total{nth}"])) for nth, span in enumerate(spans)]
