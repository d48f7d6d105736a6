"""Business days: a country's weekends and holidays, and the organisation's own closing days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import holidays
from django.utils.translation import gettext_lazy as _

from enishi.core.normalise.typed import Unusable

ONE_DAY = dt.timedelta(days=1)
# A calendar that is closed for so long has no next business day.
LONGEST_CLOSURE = 400
_MOST_BUSINESS_DAYS = 10_000


class CalendarError(Unusable):
    """A calendar without open days, or a recurrence rule that cannot be used."""


@lru_cache(maxsize=512)
def _holidays(country: str, year: int, language: str | None = None) -> Mapping[dt.date, str]:
    try:
        return dict(holidays.country_holidays(country, years=year, language=_spoken(country, language)))
    except NotImplementedError:
        return {}


def _spoken(country: str, language: str | None) -> str | None:
    """The language as the holiday data calls it: ``fa_IR`` for ``fa``."""
    if language is None:
        return None
    known: tuple[str, ...] = holidays.country_holidays(country).supported_languages
    return next((one for one in known if one.partition("_")[0] == language.partition("-")[0]), language)


@lru_cache(maxsize=64)
def _weekend(country: str) -> frozenset[int]:
    try:
        return frozenset(holidays.country_holidays(country).weekend)
    except NotImplementedError:
        return frozenset({5, 6})


@dataclass(frozen=True)
class BusinessCalendar:
    """Which days and hours an organisation works: a country's weekend and public holidays, and own closing days.

    `weekend` holds weekdays (Monday is 0), by default those of the country; `hours` is opening and closing time, in the
    zone of the moments asked about. Countries that the holiday data does not know have no holidays.
    """

    country: str
    closed_days: frozenset[dt.date] = frozenset()
    weekend: frozenset[int] | None = None
    hours: tuple[dt.time, dt.time] = (dt.time(9), dt.time(17))
    _rest: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rest = _weekend(self.country) if self.weekend is None else self.weekend
        if rest >= frozenset(range(7)):
            raise CalendarError(_("A calendar needs at least one working day a week."))
        if self.hours[0] >= self.hours[1]:
            raise CalendarError(_("The closing time must be later than the opening time."))
        object.__setattr__(self, "_rest", rest)

    def holiday(self, day: dt.date, language: str | None = None) -> str:
        """The name of the public holiday on `day`, or "". In `language` where the holiday data has it, else English."""
        return _holidays(self.country, day.year, language).get(day, "")

    def is_open(self, day: dt.date) -> bool:
        return (
            day.weekday() not in self._rest
            and day not in self.closed_days
            and day not in _holidays(self.country, day.year)
        )

    def is_open_at(self, moment: dt.datetime) -> bool:
        return self.is_open(moment.date()) and self.hours[0] <= moment.time() < self.hours[1]

    def next_open(self, day: dt.date) -> dt.date:
        """`day` itself if it is open, else the first open day after it."""
        return self._nearest(day, ONE_DAY)

    def previous_open(self, day: dt.date) -> dt.date:
        """`day` itself if it is open, else the last open day before it."""
        return self._nearest(day, -ONE_DAY)

    def _nearest(self, day: dt.date, step: dt.timedelta) -> dt.date:
        for _attempt in range(LONGEST_CLOSURE):
            if self.is_open(day):
                return day
            if day in (dt.date.min, dt.date.max):
                break
            day += step
        raise CalendarError(
            _("The calendar has no open day within %(count)d days of %(day)s."),
            count=LONGEST_CLOSURE,
            day=day.isoformat(),
        )

    def add_business_days(self, day: dt.date, count: int) -> dt.date:
        """The `count`-th open day after `day` (before it, if negative). With 0, `day` or the next open day."""
        if count == 0:
            return self.next_open(day)
        if abs(count) > _MOST_BUSINESS_DAYS:
            raise CalendarError(
                _("At most %(count)d business days can be counted."), count=_MOST_BUSINESS_DAYS
            )
        step = ONE_DAY if count > 0 else -ONE_DAY
        for _nth in range(abs(count)):
            day = self._nearest(day + step, step)
        return day

    def business_days_between(self, start: dt.date, end: dt.date) -> int:
        """How many open days lie after `start` up to and including `end`; negative if `end` is the earlier one."""
        if end < start:
            return -self.business_days_between(end, start)
        days = (end - start).days
        weeks, rest = divmod(days, 7)
        open_weekdays = weeks * (7 - len(self._rest)) + sum(
            (start + dt.timedelta(days=extra)).weekday() not in self._rest for extra in range(1, rest + 1)
        )
        closed = self.closed_days.union(
            *(_holidays(self.country, year) for year in range(start.year, end.year + 1))
        )
        return open_weekdays - sum(start < day <= end and day.weekday() not in self._rest for day in closed)
