"""Days and times in running text: what every language shares. The languages bring their own words."""

import calendar
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import jdatetime

from .line import Line

# A day given as a limit ends with the office's day.
CLOSE = time(18)
NOON = time(12)
MORNING, AFTERNOON, EVENING = time(9), time(14), time(18)


@dataclass(frozen=True, slots=True)
class Moment:
    """`closing`: a limit ("by Friday"), not an appointment. `earlier`: the day that was meant if the sentence
    speaks of the past ("called on Friday")."""

    day: date | None = None
    clock: time | None = None
    at: datetime | None = None
    earlier: date | None = None
    closing: bool = False
    sure: bool = True
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    now: datetime
    raw: str
    month_first: bool | None

    @property
    def today(self) -> date:
        return self.now.date()


Reader = Callable[[re.Match[str], Context], Moment | None]


@dataclass(frozen=True, slots=True)
class Edges:
    """Words directly before (the pattern ends in `$`) and after a moment; group `by` makes it a limit."""

    before: re.Pattern[str]
    after: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    pattern: re.Pattern[str]
    read: Reader


def rule(pattern: str, read: Reader) -> Rule:
    return Rule(re.compile(pattern), read)


def find_moments(line: Line, rules: Iterable[Rule], edges: Iterable[Edges], context: Context) -> list[Moment]:
    """All moments in order of their place. An earlier rule wins a place over a later one."""
    edges = tuple(edges)
    found: list[Moment] = []
    for each in rules:
        for match in each.pattern.finditer(line.text):
            start, end = match.span()
            start += len(match[0]) - len(match[0].lstrip())
            if not line.free(start, end) or any(m.start < end and start < m.end for m in found):
                continue
            try:
                moment = each.read(match, context)
            except (ValueError, OverflowError):  # 30 February, a year out of range: not a date
                continue
            if moment:
                closing = moment.closing or bool(match.groupdict().get("by"))
                found.append(_placed(replace(moment, closing=closing, start=start, end=end), line, edges))
    return sorted(found, key=lambda moment: moment.start)


def _placed(moment: Moment, line: Line, edges: Iterable[Edges]) -> Moment:
    """The moment together with the words around it that make it a limit ("by", "までに") or tie it in ("on")."""
    for edge in edges:
        before = edge.before.search(line.text, max(0, moment.start - 24), moment.start)
        if before and line.free(before.start(), moment.start):
            return replace(moment, start=before.start(), closing=moment.closing or bool(before["by"]))
        after = edge.after and edge.after.match(line.text, moment.end)
        if after and after[0]:
            return replace(moment, end=after.end(), closing=moment.closing or bool(after["by"]))
    return moment


def clock(hour: int, minute: int = 0, *, half: str = "") -> time:
    """`half`: "a" before noon, "p" after noon, "" as written."""
    if half and hour > 12:
        half = ""
    if half == "p" and hour < 12:
        hour += 12
    if half == "a" and hour == 12:
        hour = 0
    return time(0 if hour == 24 and not minute else hour, minute)


def weekday(today: date, number: int) -> Moment:
    """The next such day after today (Monday is 0), and the last one before it. Today's own name is not sure."""
    ahead = (number - today.weekday()) % 7
    if ahead == 0:
        return Moment(day=today, earlier=today, sure=False)
    return Moment(day=today + timedelta(ahead), earlier=today + timedelta(ahead - 7))


def weekday_of_week(today: date, number: int, weeks: int, *, first: int = 0) -> date:
    """That weekday in the week `weeks` after this one; `first` is the day that weeks begin with."""
    begin = today - timedelta((today.weekday() - first) % 7)
    return begin + timedelta(7 * weeks + (number - first) % 7)


def day_of_year(today: date, month: int, day: int, year: int | None = None) -> Moment:
    """A date; without a year the coming one, and the last one for sentences about the past."""
    if year is not None:
        return Moment(day=date(year + 2000 if year < 100 else year, month, day))
    this = _date_or_later_leap(today.year, month, day)
    if this >= today:
        last = date(today.year - 1, month, min(day, calendar.monthrange(today.year - 1, month)[1]))
        return Moment(day=this, earlier=this if this == today else last)
    return Moment(day=_date_or_later_leap(today.year + 1, month, day), earlier=this)


def _date_or_later_leap(year: int, month: int, day: int) -> date:
    if (month, day) == (2, 29):
        year = next(y for y in range(year, year + 9) if calendar.isleap(y))
    return date(year, month, day)


def jalali(today: date, month: int, day: int, year: int | None = None) -> Moment:
    if year is not None:
        return Moment(day=jdatetime.date(year, month, day).togregorian())
    this_year = jdatetime.date.fromgregorian(date=today).year
    this = jdatetime.date(this_year, month, day).togregorian()
    if this >= today:
        before = this if this == today else jdatetime.date(this_year - 1, month, day).togregorian()
        return Moment(day=this, earlier=before)
    return Moment(day=jdatetime.date(this_year + 1, month, day).togregorian(), earlier=this)


def month_end(today: date, months: int = 0) -> date:
    """The last day of the month `months` after this one."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def month_start_ahead(today: date, month: int) -> date:
    """The first day of the coming such month."""
    return date(today.year + (month <= today.month), month, 1)


def month_end_ahead(today: date, month: int) -> date:
    """The last day of such a month, this one included."""
    year = today.year + (month < today.month)
    return date(year, month, calendar.monthrange(year, month)[1])


def shifted(now: datetime, amount: int, unit: str) -> Moment:
    """`amount` units from now; minutes and hours give the moment, longer units the day."""
    if unit in ("minute", "hour"):
        return Moment(at=now + timedelta(**{unit + "s": amount}))
    if unit == "month":
        end = month_end(now.date(), amount)
        return Moment(day=end.replace(day=min(now.day, end.day)))
    return Moment(day=now.date() + timedelta(amount * (7 if unit == "week" else 1)))


def numeric_date(context: Context, first: int, second: int, year: int | None) -> Moment:
    """Two numbers as the reader's language orders them; where it leaves that open, day first and not sure."""
    month_first = context.month_first
    sure = month_first is not None or first > 12 or second > 12 or first == second
    if second > 12 or (month_first and first <= 12):
        first, second = second, first
    found = day_of_year(context.today, second, first, year)
    return Moment(day=found.day, earlier=found.earlier, sure=sure)


def _iso(match: re.Match[str], context: Context) -> Moment:
    year, month, day = (int(match[name]) for name in "ymd")
    if year < 1700:
        return jalali(context.today, month, day, year)
    return Moment(day=date(year, month, day))


def _numbers(match: re.Match[str], context: Context) -> Moment:
    year = match.groupdict().get("y")
    return numeric_date(context, int(match["a"]), int(match["b"]), int(year) if year else None)


def _clock(match: re.Match[str], context: Context) -> Moment:
    return Moment(clock=clock(int(match["h"]), int(match["n"])))


NEUTRAL = (
    rule(r"(?<![\d\w])(?P<y>1[34]\d\d|20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\d\w])", _iso),
    rule(
        r"(?<![\d\w./])(?P<a>\d{1,2})(?P<s>[/.-])(?P<b>\d{1,2})(?P=s)(?P<y>20\d\d|\d\d)(?![\d\w])", _numbers
    ),
    rule(r"(?<![\d\w:.])(?P<h>[01]?\d|2[0-4]):(?P<n>[0-5]\d)(?![\d:])", _clock),
)
