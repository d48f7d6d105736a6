"""From the moments that stand in one place to the one point in time that they mean together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .line import Span
from .moments import CLOSE, NOON, Moment


@dataclass(frozen=True, slots=True)
class Time:
    """`timed` is False when only a day was said; `closing`: a limit."""

    at: datetime
    timed: bool
    sure: bool
    closing: bool
    spans: tuple[Span, ...]


def join_moments(moments: Sequence[Moment], now: datetime, *, past: bool, limit: bool = False) -> Time | None:
    """The first day and the first time of day. A second one is left in the text and makes the result unsure.

    `past`: the sentence tells of something done. `limit`: a day without a time ends with the office's day."""
    exact = next((moment for moment in moments if moment.at), None)
    if exact and exact.at:
        return Time(exact.at, True, exact.sure, exact.closing, ((exact.start, exact.end),))
    day = next((moment for moment in moments if moment.day), None)
    hour = next((moment for moment in moments if moment.clock and (not moment.day or moment is day)), None)
    # A time that a word like "morning" only suggests gives way to the time that is written.
    written = next((moment for moment in moments if moment.clock and not moment.day), hour)
    used = tuple(moment for moment in dict.fromkeys((day, written)) if moment)
    if not used:
        return None
    closing = limit or any(moment.closing for moment in used)
    date = (day.earlier if past and day.earlier else day.day) if day else None
    clock = written.clock if written and written.clock else CLOSE if closing else NOON
    at = datetime.combine(date or now.date(), clock, tzinfo=now.tzinfo)
    sure = all(
        moment.sure or (moment is day and written is not None and written is not day and bool(day.clock))
        for moment in used
    )
    sure = sure and sum(1 for moment in moments if moment.day) <= 1
    if day and not day.sure and day.day == day.earlier == now.date() and not past and at <= now:
        # Today's own weekday, named when its hour is over: that of next week.
        at += timedelta(7)
    elif not day and not past and closing and at <= now:
        at, sure = at + timedelta(1), False
    return Time(at, written is not None, sure, closing, tuple((m.start, m.end) for m in used))
