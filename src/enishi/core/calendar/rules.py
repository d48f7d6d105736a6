"""Recurrence rules (RFC 5545, by the day) and the days they fall on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday
from django.utils.translation import gettext_lazy as _

from enishi.core.calendar.business import LONGEST_CLOSURE, BusinessCalendar, CalendarError
from enishi.core.normalise.typed import shown

Shift = Literal["forward", "backward", "none"]
# Nobody works off more instances than this at once; a rule that yields more is a slip.
MAX_OCCURRENCES = 1000

_FREQUENCIES: dict[str, Literal[0, 1, 2, 3]] = {
    "DAILY": DAILY,
    "WEEKLY": WEEKLY,
    "MONTHLY": MONTHLY,
    "YEARLY": YEARLY,
}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T\d{6}Z?)?")
_PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
)
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule that has been checked. `text` is its canonical RRULE form."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: dt.date | None = None
    by_day: tuple[tuple[int, int], ...] = ()  # (weekday, Monday is 0; which one of the period, 0 for every)
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()
    week_start: int = 0

    @property
    def text(self) -> str:
        parts = [f"FREQ={self.frequency}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        for name, values in (
            ("BYMONTH", self.by_month),
            ("BYMONTHDAY", self.by_month_day),
            ("BYDAY", [f"{nth or ''}{_WEEKDAYS[day]}" for day, nth in self.by_day]),
            ("BYSETPOS", self.by_set_position),
        ):
            if values:
                parts.append(f"{name}={','.join(map(str, values))}")
        if self.week_start:
            parts.append(f"WKST={_WEEKDAYS[self.week_start]}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)

    def dates(self, start: dt.date) -> Iterator[dt.date]:
        """The days of this rule from `start` on."""
        moments = rrule(
            _FREQUENCIES[self.frequency],
            dtstart=dt.datetime.combine(start, dt.time()),
            interval=self.interval,
            count=self.count,
            until=None if self.until is None else dt.datetime.combine(self.until, dt.time()),
            byweekday=[weekday(day, nth or None) for day, nth in self.by_day] or None,
            bymonthday=self.by_month_day or None,
            bymonth=self.by_month or None,
            bysetpos=self.by_set_position or None,
            wkst=self.week_start,
        )
        return (moment.date() for moment in moments)


def parse_rule(text: str) -> Rule:
    """A rule from RRULE text, as calendar programs write it; `CalendarError` says which part is wrong.

    Rules count in days: times of day and the parts that calendar programs hardly use (BYYEARDAY, BYWEEKNO) are refused.
    """
    if len(text) > 300:
        raise CalendarError(_("The recurrence rule “%(rule)s” is too long."), rule=shown(text))
    parts: dict[str, str] = {}
    for part in filter(None, text.strip().upper().removeprefix("RRULE:").split(";")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name not in _PARTS or not equals or not value:
            raise CalendarError(
                _("“%(part)s” cannot be used in a recurrence rule. Known are: %(known)s."),
                part=shown(part),
                known=", ".join(sorted(_PARTS)),
            )
        if name in parts:
            raise CalendarError(_("%(part)s appears twice in the recurrence rule."), part=name)
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise CalendarError(
            _("A recurrence rule needs FREQ=DAILY, WEEKLY, MONTHLY or YEARLY; it has “%(part)s”."),
            part=shown(frequency),
        )
    if "COUNT" in parts and "UNTIL" in parts:
        raise CalendarError(_("A recurrence rule ends either by COUNT or by UNTIL, not by both."))
    rule = Rule(
        frequency,
        interval=_number(parts, "INTERVAL", 1, 1000) or 1,
        count=_number(parts, "COUNT", 1, MAX_OCCURRENCES),
        until=_until(parts.get("UNTIL")),
        by_day=_by_day(parts.get("BYDAY"), frequency),
        by_month_day=_numbers(parts, "BYMONTHDAY", 31, negative=True),
        by_month=_numbers(parts, "BYMONTH", 12),
        by_set_position=_numbers(parts, "BYSETPOS", 31, negative=True),
        week_start=_week_start(parts.get("WKST", "MO")),
    )
    _check_that_it_occurs(rule)
    return rule


def _number(parts: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    if name not in parts:
        return None
    value = parts[name]
    if not (value.isascii() and value.isdecimal() and low <= int(value[:9]) <= high):
        raise CalendarError(
            _("%(part)s must be a number from %(low)d to %(high)d; it is “%(value)s”."),
            part=name,
            low=low,
            high=high,
            value=shown(value),
        )
    return int(value)


def _numbers(parts: Mapping[str, str], name: str, high: int, *, negative: bool = False) -> tuple[int, ...]:
    values = []
    for value in parts[name].split(",") if name in parts else ():
        sign = -1 if value.startswith("-") and negative else 1
        absolute = _number({name: value.removeprefix("-") if negative else value}, name, 1, high)
        values.append(sign * (absolute or 0))
    return tuple(dict.fromkeys(values))


def _until(value: str | None) -> dt.date | None:
    if value is None:
        return None
    match = _UNTIL.fullmatch(value)
    try:
        if match:
            return dt.date(*map(int, match.groups()))
    except ValueError:
        pass
    raise CalendarError(
        _("UNTIL must be a day that exists, like 20261231; it is “%(value)s”."), value=shown(value)
    )


def _by_day(value: str | None, frequency: str) -> tuple[tuple[int, int], ...]:
    days = []
    for part in value.split(",") if value else ():
        match = _BY_DAY.fullmatch(part)
        if not match:
            raise CalendarError(
                _("BYDAY names weekdays as MO, TU … or 1MO, -1FR; it has “%(value)s”."), value=shown(part)
            )
        nth = int(match[1] or 0)
        if match[1] and (frequency not in ("MONTHLY", "YEARLY") or not 1 <= abs(nth) <= 5):
            raise CalendarError(
                _("“%(value)s”: only the first to fifth weekday of a month can be counted."),
                value=shown(part),
            )
        days.append((_WEEKDAYS.index(match[2]), nth))
    return tuple(dict.fromkeys(days))


def _week_start(value: str) -> int:
    if value not in _WEEKDAYS:
        raise CalendarError(_("WKST must be a weekday such as MO; it is “%(value)s”."), value=shown(value))
    return _WEEKDAYS.index(value)


def _check_that_it_occurs(rule: Rule) -> None:
    """Refuse what would make the library look for a day until the year 9999."""
    months = rule.by_month or range(1, 13)
    if rule.by_month_day and all(
        abs(day) > _LONGEST_MONTHS[month - 1] for day in rule.by_month_day for month in months
    ):
        raise CalendarError(_("None of these months has such a day."))
    if rule.frequency == "WEEKLY" and rule.by_month_day:
        raise CalendarError(_("A weekly rule cannot name days of the month."))
    if rule.frequency == "DAILY" and (rule.by_set_position or (rule.interval > 1 and rule.text.count("BY"))):
        raise CalendarError(_("A rule of every few days cannot be narrowed to certain days or months."))
    if rule.frequency == "YEARLY" and any(nth for _day, nth in rule.by_day) and not rule.by_month:
        raise CalendarError(_("A yearly rule with counted weekdays must say in which month (BYMONTH)."))
    if rule.by_set_position and not (rule.by_day or rule.by_month_day):
        raise CalendarError(_("BYSETPOS needs BYDAY or BYMONTHDAY to choose from."))
    periods = max(len(rule.by_month), 1) if rule.frequency == "YEARLY" else 1
    by_day = len(rule.by_day) * (1 if rule.frequency == "WEEKLY" else 5) if rule.by_day else 31
    most = min(by_day, len(rule.by_month_day) or 31) * periods
    if rule.by_set_position and min(map(abs, rule.by_set_position)) > most:
        raise CalendarError(_("BYSETPOS counts further than there are such days."))


def occurrences(
    rule: Rule | str,
    start: dt.date,
    *,
    after: dt.date,
    before: dt.date,
    calendar: BusinessCalendar | None = None,
    shift: Shift = "none",
    limit: int = MAX_OCCURRENCES,
) -> list[dt.date]:
    """The days of a rule that begins on `start`, from `after` to `before` (both included), at most `limit`.

    Days on which `calendar` is closed move to the next or previous open day, as `shift` says; the window holds for the
    moved days, and two that meet become one.
    """
    checked = parse_rule(rule) if isinstance(rule, str) else rule
    margin = dt.timedelta(days=LONGEST_CLOSURE if calendar and shift != "none" else 0)
    found: dict[dt.date, None] = {}
    for day in islice(checked.dates(start), 100_000):
        if day - margin > before:
            break
        if day + margin < after:
            continue
        if calendar and shift != "none":
            moved = calendar.next_open(day) if shift == "forward" else calendar.previous_open(day)
        else:
            moved = day
        if after <= moved <= before:
            found[moved] = None
            if len(found) == min(limit, MAX_OCCURRENCES):
                break
    return sorted(found)
