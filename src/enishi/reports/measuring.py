"""What a figure of a dashboard is asked, and what it answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from enishi.accounts.access import Actor
from enishi.core import clock
from enishi.core.documents import Bar, Chart
from enishi.core.formats import counted, format_date, format_percent
from enishi.core.money import Money, format_money
from enishi.core.registry import Plugin

PERIODS = {4: 1, 12: 1, 26: 2, 52: 4}
"""How many weeks a dashboard looks back, and how many of them make one bar."""


@dataclass(frozen=True)
class Span:
    """Days by the reader's calendar, both included."""

    first: dt.date
    last: dt.date

    @property
    def since(self) -> dt.datetime:
        return timezone.make_aware(dt.datetime.combine(self.first, dt.time()))

    @property
    def until(self) -> dt.datetime:
        """The moment after its last."""
        return timezone.make_aware(dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time()))

    def holds(self, name: str) -> Q:
        """That a moment of a record lies in it."""
        return Q(**{f"{name}__gte": self.since, f"{name}__lt": self.until})


@dataclass(frozen=True)
class Look:
    """Who looks, at which project (None: all that they may see), over how many weeks up to today."""

    actor: Actor
    project_id: int | None
    weeks: int

    @cached_property
    def span(self) -> Span:
        today = clock.today()
        return Span(today - dt.timedelta(days=7 * self.weeks - 1), today)

    @cached_property
    def before(self) -> Span:
        """As many weeks before."""
        ago = dt.timedelta(weeks=self.weeks)
        return Span(self.span.first - ago, self.span.last - ago)

    @cached_property
    def spans(self) -> list[Span]:
        """The period in pieces, the oldest first."""
        piece = dt.timedelta(weeks=PERIODS[self.weeks])
        day = dt.timedelta(days=1)
        firsts = [self.span.first + n * piece for n in range(self.weeks // PERIODS[self.weeks])]
        return [Span(first, first + piece - day) for first in firsts]


@dataclass(frozen=True)
class Reading:
    """``value`` stands large, ``words`` say what it counts; the chart and the period before stand below it.

    Every number has an address that shows its rows.
    """

    value: str
    words: str
    url: str = ""
    before: str = ""
    before_url: str = ""
    chart: Chart | None = None


class Metric(Plugin):
    """One figure of a dashboard. ``needs`` are the rights without which it is not offered."""

    needs: ClassVar[tuple[str, ...]] = ()
    description: Any = ""
    of_one_project: ClassVar[bool] = False
    """Whether it says something of a single project only."""

    def read(self, look: Look) -> Reading:
        """The figure now, within the rights of who looks; a fixed number of questions."""
        raise NotImplementedError


def address(name: str, *args: Any, **query: Any) -> str:
    """The address of rows; what is empty limits nothing and is left out."""
    wanted = {key: str(value) for key, value in query.items() if value not in (None, "")}
    path = reverse(name, args=args)
    return f"{path}?{urlencode(wanted)}" if wanted else path


def percent(share: float) -> str:
    return format_percent(share, _language())


def money(value: Money) -> str:
    return format_money(value, _language(), whole=True)


def short_day(day: dt.date) -> str:
    return format_date(day, _language(), today=clock.today())


def _language() -> str:
    return get_language() or "en"


def parts(found: Sequence[tuple[str, int, str]]) -> list[Bar]:
    """Bars of counts: label, number and the address of its rows."""
    return [Bar(label, value, counted(value), url if value else "") for label, value, url in found]
