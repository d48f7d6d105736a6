"""How well promises are kept, and what is late."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DateTimeField, F, Func, IntegerField, Q, QuerySet, Value

from enishi.accounts.access import Actor
from enishi.accounts.prepared import counted, prepared
from enishi.commitments.models import Promise
from enishi.commitments.queries.edges import UNPROVEN, edges
from enishi.commitments.queries.ledger import Filter, decided, promises
from enishi.core import clock

WEEKS = 12
FEW = 10
GROUPINGS = {
    "team": ("owner__teams", "owner__teams__name"),
    "project": ("project", "project__name"),
    "owner": ("owner", "owner__name"),
}


@dataclass(frozen=True)
class Rate:
    """How many of our promises were kept in time, of those that were decided in a period."""

    kept: int
    total: int
    key: int | None = None
    label: str = ""

    @property
    def missed(self) -> int:
        return self.total - self.kept

    @property
    def few(self) -> bool:
        """So few that the share says little."""
        return self.total < FEW

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where nothing was decided."""
        return self.kept / self.total if self.total else None


def _decided(actor: Actor, filters: Filter, since: dt.datetime, until: dt.datetime) -> Any:
    """Our promises that were decided in a period."""
    whole = Filter(
        owner_ids=filters.owner_ids, party_id=filters.party_id, project_id=filters.project_id, state="all"
    )
    return decided(promises(actor, whole)).filter(decided_at__gt=since, decided_at__lte=until)


_KEPT = Count("pk", filter=Q(state=Promise.State.KEPT), distinct=True)


def kept_rate(
    actor: Actor, filters: Filter | None = None, *, weeks: int = WEEKS, until: dt.datetime | None = None
) -> Rate:
    """Our promises kept in time, in the weeks before a moment (now)."""
    end = until or clock.now()
    row = _decided(actor, filters or Filter(), end - dt.timedelta(weeks=weeks), end).aggregate(
        kept=_KEPT, total=Count("pk", distinct=True)
    )
    return Rate(row["kept"], row["total"])


def kept_rates(actor: Actor, by: str, filters: Filter | None = None, *, weeks: int = WEEKS) -> list[Rate]:
    """The same by ``team``, ``project`` or ``owner``, best first; what belongs to none is left out."""
    key, label = GROUPINGS[by]
    end = clock.now()
    rows = (
        _decided(actor, filters or Filter(), end - dt.timedelta(weeks=weeks), end)
        .filter(**{f"{key}__isnull": False})
        .order_by()
        .values(key=F(key), label=F(label))
        .annotate(kept=_KEPT, total=Count("pk", distinct=True))
    )
    rates = [Rate(row["kept"], row["total"], row["key"], row["label"]) for row in rows]
    return sorted(rates, key=lambda rate: (-(rate.share or 0), rate.label))


def kept_by_week(actor: Actor, filters: Filter | None = None, *, weeks: int = WEEKS) -> list[Rate]:
    """The rate of each of the last weeks, oldest first, in one query. ``key`` counts the weeks back to now (0)."""
    end = clock.now()
    age = Func(
        Value(end, DateTimeField()),
        F("decided_at"),
        template="floor(extract(epoch FROM (%(expressions)s)) / 604800)::int",
        arg_joiner=" - ",
        output_field=IntegerField(),
    )
    decided = _decided(actor, filters or Filter(), end - dt.timedelta(weeks=weeks), end).order_by()
    counted = decided.annotate(age=age).values_list("age").annotate(kept=_KEPT, n=Count("pk", distinct=True))
    found = {week: (kept, total) for week, kept, total in counted}
    return [Rate(*found.get(week, (0, 0)), week) for week in reversed(range(weeks))]


@dataclass(frozen=True)
class Figures:
    """The one line above the ledger."""

    late: int
    week: int
    unproven: int
    rate: Rate
    before: Rate


def figures(actor: Actor, filters: Filter) -> Figures:
    """What is late, what falls due within seven days, what waits for proof, and the share kept in the last twelve weeks and the twelve before."""
    limits = edges()
    open_ = promises(actor, Filter(owner_ids=filters.owner_ids, project_id=filters.project_id)).aggregate(
        late=Count("pk", filter=limits.condition("late")),
        week=Count("pk", filter=limits.condition("today") | limits.condition("week")),
        unproven=Count("pk", filter=UNPROVEN),
    )
    return Figures(
        late=open_["late"],
        week=open_["week"],
        unproven=open_["unproven"],
        rate=kept_rate(actor, filters),
        before=kept_rate(actor, filters, until=limits.now - dt.timedelta(weeks=WEEKS)),
    )


@prepared
def _late(actor: Actor, now: dt.datetime) -> QuerySet[Promise, int]:
    ours = Promise.objects.visible_to(actor).filter(
        owner=actor.user_id, state=Promise.State.OPEN, direction=Promise.Direction.OURS
    )
    return counted(ours.filter(done_at__isnull=True, due_at__lt=now))


def late_count(actor: Actor) -> int:
    """How many of the actor's own promises are late: the number in the menu."""
    return 0 if actor.user_id is None else sum(_late(actor, clock.now()))
