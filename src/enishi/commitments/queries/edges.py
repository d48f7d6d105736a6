"""Where today and the next seven days end for the reader."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from enishi.commitments.models import Promise, Task
from enishi.core import clock

GROUPS = {
    "late": _("Late"),
    "proof": _("Waits for proof"),
    "today": _("Today"),
    "week": _("Next seven days"),
    "later": _("Later"),
    "none": _("No date"),
    "settled": _("Settled"),
}
OPEN = Q(state=Promise.State.OPEN)
TO_DO = OPEN & Q(done_at__isnull=True)
UNPROVEN = OPEN & Q(done_at__isnull=False)


def first_weekday() -> int:
    """The weekday that begins a week in the reader's language; Monday is 0."""
    return 5 if translation.get_language() == "fa" else 0


@dataclass(frozen=True)
class Edges:
    """Moments that divide what is due: ``now``, the end of today and of the seven days after it, in the reader's time."""

    now: dt.datetime
    tomorrow: dt.datetime
    horizon: dt.datetime

    def group(self, row: Promise | Task) -> str:
        """The heading under which something stands."""
        if not row.is_open:
            return "settled"
        if isinstance(row, Promise) and row.waits_for_proof:
            return "proof"
        if row.due_at is None:
            return "none"
        if row.due_at < self.now:
            return "late"
        if row.due_at < self.tomorrow:
            return "today"
        return "week" if row.due_at < self.horizon else "later"

    def condition(self, group: str) -> Q:
        """Which promises stand under a heading."""
        return {
            "late": TO_DO & Q(due_at__lt=self.now),
            "proof": UNPROVEN,
            "today": TO_DO & Q(due_at__gte=self.now, due_at__lt=self.tomorrow),
            "week": TO_DO & Q(due_at__gte=max(self.now, self.tomorrow), due_at__lt=self.horizon),
            "later": TO_DO & Q(due_at__gte=self.horizon),
            "none": TO_DO & Q(due_at__isnull=True),
            "settled": ~OPEN,
        }[group]


def midnight(day: dt.date) -> dt.datetime:
    """The first moment of a day in the reader's time zone."""
    return dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_current_timezone())


def edges() -> Edges:
    now = clock.now()
    today = timezone.localdate(now)
    return Edges(now, midnight(today + dt.timedelta(days=1)), midnight(today + dt.timedelta(days=8)))
