"""The month: what falls due on which day, and on which days the organisation is closed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import jdatetime
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.formats import date_format

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.commitments.models import ClosingDay, Promise
from enishi.commitments.queries.days import business_calendar
from enishi.commitments.queries.edges import first_weekday, midnight
from enishi.commitments.queries.ledger import Filter, promises
from enishi.core import clock
from enishi.core.formats import digits_fa

SHOWN = 4
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class MonthDay:
    """One square. ``closed`` is the reason in words, "" on open days; a weekend is shut without words."""

    day: dt.date
    number: int
    inside: bool
    today: bool
    shut: bool
    closed: str
    promises: Sequence[Promise]

    @property
    def shown(self) -> Sequence[Promise]:
        return self.promises[:SHOWN]

    @property
    def more(self) -> int:
        return max(0, len(self.promises) - SHOWN)


@dataclass(frozen=True)
class Month:
    """A month of the reader's calendar, in whole weeks."""

    first: dt.date
    last: dt.date
    weeks: Sequence[Sequence[MonthDay]]
    country: str

    @property
    def title(self) -> str:
        return month_name(self.first)

    @property
    def previous(self) -> dt.date:
        """A day of the month before."""
        return self.first - ONE_DAY

    @property
    def following(self) -> dt.date:
        return self.last + ONE_DAY


def month_name(first: dt.date) -> str:
    """The month that begins on a day, and its year, in the reader's language."""
    if translation.get_language() == "fa":
        jalali = jdatetime.date.fromgregorian(date=first)
        return digits_fa(f"{jdatetime.date.j_months_fa[jalali.month - 1]} {jalali.year}")
    return date_format(first, "YEAR_MONTH_FORMAT")


def bounds(day: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of the month around a day: of the Jalali month for Persian readers."""
    if translation.get_language() == "fa":
        jalali = jdatetime.date.fromgregorian(date=day)
        first = jalali.replace(day=1).togregorian()
        into_next = jdatetime.date.fromgregorian(date=first + dt.timedelta(days=31))
        return first, (into_next.replace(day=1)).togregorian() - ONE_DAY
    first = day.replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - ONE_DAY


def month(
    actor: Actor, filters: Filter, day: dt.date | None = None, *, project: Project | None = None
) -> Month:
    """The month around a day (today), with everything due in it, settled or not, within the rest of the filter."""
    today = timezone.localdate(clock.now())
    first, last = bounds(day or today)
    start = first - dt.timedelta(days=(first.weekday() - first_weekday()) % 7)
    count = -(-((last - start).days + 1) // 7) * 7
    days = [start + dt.timedelta(days=offset) for offset in range(count)]
    country = project.country if project else accounts.organisation().country
    calendar = business_calendar(project, country)
    own = dict(
        ClosingDay.objects.filter(
            Q(project=None) | Q(project=project), day__range=(days[0], days[-1])
        ).values_list("day", "name")
    )
    due: dict[dt.date, list[Promise]] = defaultdict(list)
    for promise in (
        promises(actor, replace(filters, state="all", due_from=None, due_until=None))
        .filter(due_at__gte=midnight(days[0]), due_at__lt=midnight(days[-1] + ONE_DAY))
        .select_related("party")
        .order_by("due_at", "id")
    ):
        assert promise.due_at is not None
        due[timezone.localtime(promise.due_at).date()].append(promise)
    squares = [
        MonthDay(
            day=one,
            number=jdatetime.date.fromgregorian(date=one).day
            if translation.get_language() == "fa"
            else one.day,
            inside=first <= one <= last,
            today=one == today,
            shut=not calendar.is_open(one),
            closed=own.get(one) or calendar.holiday(one, translation.get_language()),
            promises=due.get(one, []),
        )
        for one in days
    ]
    return Month(first, last, [squares[week : week + 7] for week in range(0, len(squares), 7)], country)
