"""My day: what the reader, or the reader's team, owes and is owed now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.commitments.models import Promise, Task
from enishi.commitments.queries.edges import GROUPS, TO_DO, UNPROVEN, edges, midnight
from enishi.commitments.queries.ledger import Filter, promises, tasks
from enishi.core import clock

SHOWN = 12
TASKS_SHOWN = 8
NEAR = ("late", "proof", "today", "week")


@dataclass(frozen=True)
class Day:
    """What stands on My day. ``totals`` count all by group, ``groups`` show the first of each, ``tasks`` the first."""

    totals: dict[str, int]
    groups: Sequence[tuple[str, Any, Sequence[Promise]]]
    tasks: Sequence[Task]
    tasks_total: int

    @property
    def total(self) -> int:
        return sum(self.totals.values())

    @property
    def more(self) -> int:
        return self.total - sum(len(rows) for _code, _words, rows in self.groups)

    @property
    def more_tasks(self) -> int:
        return self.tasks_total - len(self.tasks)


def teammates(actor: Actor) -> tuple[int, ...]:
    """The ids of everybody who shares a team with the actor, with the actor."""
    if actor.user_id is None:
        return ()
    together = User.objects.filter(teams__members=actor.user_id).values_list("pk", flat=True)
    return tuple(sorted({actor.user_id, *together}))


def members(team_id: int) -> tuple[int, ...]:
    """The ids of everybody in a team."""
    return tuple(User.objects.filter(teams=team_id).order_by("pk").values_list("pk", flat=True))


def my_day(actor: Actor, project_id: int | None = None, *, owner_ids: tuple[int, ...] | None = None) -> Day:
    """Promises late, of today and of the next seven days, what waits for proof, and tasks up to then.

    They are the actor's own, or those of these owners.
    """
    owners = owner_ids if owner_ids is not None else tuple(filter(None, [actor.user_id]))
    filters = Filter(owner_ids=owners, project_id=project_id)
    limits = edges()
    mine = promises(actor, filters)
    totals = mine.aggregate(**{code: Count("pk", filter=limits.condition(code)) for code in NEAR})
    rows = list(
        mine.filter(UNPROVEN | Q(due_at__lt=limits.horizon))
        .select_related("party", "owner", "project", "series")
        .order_by("due_at", "id")[:SHOWN]
    )
    groups = [(code, GROUPS[code], [row for row in rows if limits.group(row) == code]) for code in NEAR]
    to_do = tasks(actor, filters).filter(Q(due_at__lt=limits.horizon) | Q(due_at__isnull=True))
    return Day(
        totals=totals,
        groups=[group for group in groups if group[2]],
        tasks=list(to_do.select_related("party", "owner", "promise").order_by("due_at", "id")[:TASKS_SHOWN]),
        tasks_total=to_do.count(),
    )


@dataclass(frozen=True)
class DueDay:
    """How many promises fall due on one day."""

    day: dt.date
    ours: int
    theirs: int


def due_soon(actor: Actor, filters: Filter, *, days: int = 7) -> list[DueDay]:
    """Open promises due on each of the next days, today first, ours and theirs, in one query."""
    today = timezone.localdate(clock.now())
    counted = (
        promises(actor, filters)
        .filter(TO_DO, due_at__gte=clock.now(), due_at__lt=midnight(today + dt.timedelta(days=days)))
        .annotate(day=TruncDate("due_at"))
        .order_by()
        .values_list("day", "direction")
        .annotate(n=Count("pk"))
    )
    found = {(day, direction): n for day, direction, n in counted}
    return [
        DueDay(day, found.get((day, "ours"), 0), found.get((day, "theirs"), 0))
        for day in (today + dt.timedelta(days=offset) for offset in range(days))
    ]
