"""What a definition is given and what it gives: the frame it reads within, the rows, the paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy

from enishi.accounts.access import Actor, Scope, ScopedQuerySet
from enishi.accounts.models import Project
from enishi.core.documents import Chart, Column, Figure
from enishi.core.formats import format_number
from enishi.core.registry import Plugin
from enishi.reports.lines import Lines
from enishi.timeline.past import Past

M = TypeVar("M", bound=models.Model)
Value = tuple[str, Sequence[int]]
"""A text about people, and which parties: it is sealed out when one of them is erased."""


@dataclass(frozen=True)
class Frame:
    """What a report is about: a project with everything below it (or everything), a period, up to a level.

    Every row of it is within the actor's rights and within these limits: whoever may read the report may read its rows.
    """

    actor: Actor
    project: Project | None
    project_ids: tuple[int, ...]
    level: int
    since: dt.date
    until: dt.date
    language: str
    zone: dt.tzinfo
    now: dt.datetime
    tag_ids: tuple[int, ...] = ()
    side: str = ""
    past: bool = False
    """``now`` is a moment that is over: rows stand as they did then."""

    @property
    def scope(self) -> Scope:
        if self.project is None:
            return Scope(self.level, {})
        return Scope(None, dict.fromkeys(self.project_ids, self.level))

    def limit(self, model: Any, prefix: str = "") -> models.Q:
        """The frame as a condition on a scoped model, or on one reached through ``prefix``."""
        return model.scope_condition(self.scope, prefix) or models.Q()

    def seen(self, model: Any, prefix: str) -> models.Q:
        """What the actor may see of a scoped model reached through ``prefix``, within the frame."""
        own = model.scope_condition(self.actor.scope(model.view_right), prefix) or models.Q()
        return own & self.limit(model, prefix)

    def seen_of(self, model: Any, told: Any) -> models.Q:
        """The same, on records that tell of such a model and stand where it stands."""
        own = told.scope_condition(self.actor.scope(model.view_right)) or models.Q()
        return own & self.limit(told)

    def within(self, model: type[M]) -> ScopedQuerySet[M]:
        """What the actor may see of a scoped model, within the frame."""
        objects: Any = model._default_manager
        found: ScopedQuerySet[M] = objects.visible_to(self.actor).filter(self.limit(model))
        return found

    def shown(self, model: Any, prefix: str, field: str) -> models.Expression:
        """A text of a record reached through ``prefix``, empty where the frame does not show that record."""
        seen, value = self.seen(model, prefix), models.F(f"{prefix}{field}")
        blank = models.Value("")
        chosen = models.Case(models.When(seen, then=value), default=blank) if seen else value
        return Coalesce(chosen, blank)

    @property
    def start(self) -> dt.datetime:
        """The first moment of the period."""
        return dt.datetime.combine(self.since, dt.time(), tzinfo=self.zone)

    @property
    def end(self) -> dt.datetime:
        """The first moment after the period."""
        return dt.datetime.combine(self.until + dt.timedelta(days=1), dt.time(), tzinfo=self.zone)

    def number(self, value: float) -> str:
        return format_number(value, self.language)


class Rows(Protocol):
    """Where the rows of one table go. A cell is a plain value, or a list of ``Value``s for what names people."""

    def add(self, row: Sequence[Any]) -> None: ...

    def take(self, lines: Lines) -> None:
        """Rows that the database writes itself, instead of any other."""


class Writer(Protocol):
    """Where a definition writes; it may stop the definition by raising ``Enough``."""

    def table(self, code: str, title: str, columns: Sequence[Column], *, note: str = "") -> Rows: ...


class Enough(Exception):
    """The writer wants no more rows."""


@dataclass(frozen=True)
class Paper:
    """What stands on the paper besides its tables. ``title`` is a sentence with the answer."""

    title: str
    figures: Sequence[Figure] = ()
    charts: Sequence[Chart] = ()
    notes: Sequence[str] = ()


class Definition(Plugin):
    """One kind of report. ``version`` rises whenever what its numbers mean changes.

    ``needs`` are the rights, in the project of the report, without which it can neither be made nor seen. ``filters`` are the
    conditions that it takes besides project, period and level: ``tag``, ``side``. ``past`` winds back the tables that it reads,
    for a report of an earlier day; where that is empty, ``untold`` says why there is none.
    """

    version: ClassVar[int]
    icon: ClassVar[str]
    description: ClassVar[Any]
    needs: ClassVar[tuple[str, ...]]
    filters: ClassVar[tuple[str, ...]] = ()
    period: ClassVar[bool] = True
    past: ClassVar[tuple[type[Past], ...]] = ()
    untold: ClassVar[Any] = gettext_lazy("This kind of report is not drawn for an earlier day.")
    days: ClassVar[int] = 84
    """How long the period is that is offered first."""

    def count(self, frame: Frame) -> int:
        """How many rows its longest table will have."""
        raise NotImplementedError

    def made_of(self, frame: Frame) -> Iterable[models.QuerySet[Any]] | None:
        """The records that it tells or counts, so that nobody reads of what is kept from them.

        None where that cannot be said: then nobody reads it from whom anything at all is kept.
        """
        return None

    def write(self, frame: Frame, out: Writer) -> Paper:
        """Write the tables, in the language that is active; the paper is made of the same rows."""
        raise NotImplementedError


@dataclass
class Tally:
    """Counts by key, in the order of first sight."""

    counts: dict[Any, int] = field(default_factory=dict)

    def add(self, key: Any, count: int = 1) -> None:
        self.counts[key] = self.counts.get(key, 0) + count

    def ordered(self, key: Callable[[Any], Any] | None = None) -> list[tuple[Any, int]]:
        """By ``key``; else the most frequent first, and of equals that which comes first by its name."""
        order = (lambda pair: key(pair[0])) if key else (lambda pair: (-pair[1], str(pair[0])))
        return sorted(self.counts.items(), key=order)


def together(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(value for value in values if value))
