"""How cases of a period were handled, worked out from the cases that the reader may count."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from enishi.cases.models import Case
from enishi.cases.queries.cases import office_zone
from enishi.commitments.queries import business_calendar
from enishi.core.calendar import BusinessCalendar


@dataclass
class Share:
    """So many of all that were decided."""

    good: int = 0
    total: int = 0

    def add(self, good: bool) -> None:
        self.good, self.total = self.good + good, self.total + 1


@dataclass
class Figures:
    """Received in the period, and what became in it of all that were open.

    ``acknowledged`` and ``resolved`` count what was done or fell due; ``days`` are the business days that each closed case took;
    ``satisfied`` counts those who found the outcome mostly or fully enough.
    """

    received: int = 0
    anonymous: int = 0
    by_page: int = 0
    closed: int = 0
    still_open: int = 0
    over: int = 0
    appeals: int = 0
    acknowledged: Share = field(default_factory=Share)
    resolved: Share = field(default_factory=Share)
    satisfied: Share = field(default_factory=Share)
    days: list[int] = field(default_factory=list)
    categories: Counter[str] = field(default_factory=Counter)
    projects: Counter[str] = field(default_factory=Counter)

    @property
    def median_days(self) -> float | None:
        if not self.days:
            return None
        middle = median(self.days)
        return int(middle) if middle == int(middle) else middle


class Measure:
    """Looks at cases one by one; ``start`` to ``end`` is the period, ``now`` the moment of the figures."""

    def __init__(self, start: dt.datetime, end: dt.datetime, now: dt.datetime) -> None:
        self.start, self.end, self.now = start, end, now
        self.found = Figures()
        self._zone = office_zone()
        self._calendars: dict[int, BusinessCalendar] = {}

    def look_at_all(self, cases: Iterable[Case]) -> Figures:
        for case in cases:
            self.look_at(case)
        return self.found

    def look_at(self, case: Case) -> None:
        found = self.found
        if self._within(case.opened_at):
            found.received += 1
            found.anonymous += case.anonymous
            found.by_page += case.channel == Case.Channel.PAGE
            found.categories[category(case)] += 1
            found.projects[case.project.name] += 1
        if case.is_open:
            found.still_open += 1
            found.over += case.is_over(self.now)
        elif self._within(case.closed_at):
            found.closed += 1
            found.days.append(self.took(case))
            if case.satisfaction is not None:
                found.satisfied.add(case.satisfaction >= Case.Satisfaction.MOSTLY)
        found.appeals += self._within(case.appealed_at)
        self._decide(found.acknowledged, case.acknowledged_at, case.acknowledge_by)
        self._decide(found.resolved, case.closed_at, case.resolve_by)

    def took(self, case: Case) -> int:
        """Business days from the opening to the end of a closed case, without those in which its clock stood still."""
        assert case.closed_at is not None
        if case.project_id not in self._calendars:
            self._calendars[case.project_id] = business_calendar(case.project)
        calendar = self._calendars[case.project_id]
        ran = calendar.business_days_between(self._day(case.opened_at), self._day(case.closed_at))
        return max(0, ran - case.paused_days)

    def _day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self._zone).date()

    def _within(self, moment: dt.datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end

    def _decide(self, share: Share, done: dt.datetime | None, by: dt.datetime | None) -> None:
        """What was promised counts when it was done, or when its time passed without."""
        if by is None:
            return
        decided = min(moment for moment in (done, by) if moment is not None)
        if self._within(decided) and decided <= self.now:
            share.add(done is not None and done <= by)


def category(case: Case) -> str:
    """What a case is about, in words; empty where nobody said."""
    stored = case.values.get("category")
    return str(case.pack.field("category").shown(stored)) if stored else ""
