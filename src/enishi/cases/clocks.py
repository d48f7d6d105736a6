"""The times that a case was promised, in business days, and how they stand in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.core.calendar import BusinessCalendar
from enishi.core.formats import format_number

LABELS = {
    "acknowledge": gettext_lazy("for a first word"),
    "resolve": gettext_lazy("for an answer"),
    "appeal": gettext_lazy("for the appeal"),
    "pause": gettext_lazy("to look again"),
}


def due_after(start: dt.datetime, days: int, calendar: BusinessCalendar, zone: dt.tzinfo) -> dt.datetime:
    """The end of the ``days``-th business day after the day of ``start``: its closing hour in ``zone``."""
    day = calendar.add_business_days(start.astimezone(zone).date(), days)
    return dt.datetime.combine(day, calendar.hours[1], zone)


@dataclass(frozen=True)
class Clock:
    """One promised time. ``left`` are business days from today to ``due_at``, negative when it has passed."""

    code: str
    due_at: dt.datetime
    done_at: dt.datetime | None
    promised: int
    left: int
    took: int
    hours: int
    over: bool
    paused: bool = False

    @property
    def state(self) -> str:
        """met, late (done after its time), paused, over, soon (a quarter or a day is left) or running."""
        if self.done_at is not None:
            return "late" if self.done_at > self.due_at else "met"
        if self.paused:
            return "paused"
        if self.over:
            return "over"
        return "soon" if self.left <= max(1, self.promised // 4) else "running"

    @property
    def label(self) -> Any:
        return LABELS[self.code]

    @property
    def share(self) -> float:
        """The part of the time that is left, 0 to 1, for the ring."""
        return max(0.0, min(1.0, self.left / self.promised)) if self.promised else 0.0


def clock(
    code: str,
    due_at: dt.datetime,
    done_at: dt.datetime | None,
    *,
    started_at: dt.datetime,
    promised: int,
    now: dt.datetime,
    calendar: BusinessCalendar,
    zone: dt.tzinfo,
    paused_since: dt.datetime | None = None,
    paused_days: int = 0,
) -> Clock:
    """How a promised time stands now. A clock that stands still counts as at ``paused_since``."""
    now = paused_since or now

    def day(moment: dt.datetime) -> dt.date:
        return moment.astimezone(zone).date()

    end = done_at or now
    return Clock(
        code=code,
        due_at=due_at,
        done_at=done_at,
        promised=promised,
        left=calendar.business_days_between(day(now), day(due_at)),
        took=max(0, calendar.business_days_between(day(started_at), day(end)) - paused_days),
        hours=int((end - started_at).total_seconds() // 3600),
        over=done_at is None and now > due_at,
        paused=done_at is None and paused_since is not None,
    )


def in_words(one: Clock, language: str) -> str:
    """How it stands in one short sentence."""
    if one.done_at is not None:
        if one.hours < 24:
            words = ngettext("Done within %(n)s hour", "Done within %(n)s hours", max(1, one.hours))
            return words % {"n": format_number(max(1, one.hours), language)}
        words = ngettext("Done after %(n)s business day", "Done after %(n)s business days", one.took)
        return words % {"n": format_number(one.took, language)}
    if one.paused:
        words = ngettext(
            "Paused with %(n)s business day left", "Paused with %(n)s business days left", max(0, one.left)
        )
        return words % {"n": format_number(max(0, one.left), language)}
    if one.over:
        if one.left == 0:
            return _("Over time since today")
        words = ngettext("%(n)s business day over time", "%(n)s business days over time", -one.left)
        return words % {"n": format_number(-one.left, language)}
    if one.left == 0:
        return _("Due today")
    words = ngettext("%(n)s business day left", "%(n)s business days left", one.left)
    return words % {"n": format_number(one.left, language)}
