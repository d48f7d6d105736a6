"""What an app says about its things that fall due; reminding, mailing and telling others is done here for all of them.

An app registers one kind for each in its ``panels.py``::

    provide("due", "commitments.task")(Tasks)
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar, TypeAlias

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.core import registry
from enishi.core.calendar import BusinessCalendar
from enishi.due.models import Reminder

PLACE = "due"
SOON = dt.timedelta(days=2)
Moment = Reminder.Moment
# A queryset of the kind's model; the checker of types knows nothing of ``falls_at``.
Rows: TypeAlias = Any


def moment_of(due_at: dt.datetime, created_at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> str | None:
    """Of what to remind now, by the owner's own days; None when it is not near.

    What was written down on the very day it is due, or within the days before, needs no reminder of that.
    """
    if due_at < now:
        return Moment.LATE
    due, today, born = (moment.astimezone(zone).date() for moment in (due_at, now, created_at))
    if due == today:
        return Moment.DUE if born < due else None
    if due - today <= SOON:
        return Moment.SOON if due - born > SOON else None
    return None


class Due(ABC):
    """One kind of thing that falls due and has an ``owner``.

    Rows carry ``falls_at``, when they fall due. ``last``: the moment after which nothing is left to remind of.
    """

    model: ClassVar[Any]
    related: ClassVar[Sequence[str]] = ()
    last: ClassVar[str] = Moment.LATE
    notification: ClassVar[str] = "reminder"
    heading: ClassVar[Any] = ""
    """Under which My day shows them; empty where their own app draws them there."""
    icon: ClassVar[str] = ""

    @abstractmethod
    def waiting(self, rows: Rows) -> Rows:
        """Those of these rows that still wait for their owner, each with ``falls_at``."""

    def moment(self, row: Any, now: dt.datetime, zone: dt.tzinfo) -> str | None:
        """Of what to remind its owner now, if of anything."""
        return moment_of(row.falls_at, row.created_at, now, zone)

    @abstractmethod
    def title(self, row: Any, moment: str) -> str:
        """The notification, in the reader's language; never the words of something confidential."""

    @abstractmethod
    def line(self, row: Any) -> tuple[str, str]:
        """How the mail calls it, and whom it is about; the same holds."""

    @abstractmethod
    def address(self, row: Any) -> str: ...

    def when(self, row: Any) -> dt.date:
        """The day or the moment, as a page shows it."""
        moment: dt.datetime = row.falls_at
        return moment


class Escalating(Due):
    """One of which others are told when it stays late. ``sees`` and ``oversees`` are rights."""

    sees: ClassVar[str]
    oversees: ClassVar[str]

    @abstractmethod
    def late(self, rows: Rows) -> Rows:
        """Those of which others are told once their date has passed, each with ``falls_at``."""

    @abstractmethod
    def calendar(self, project: Project) -> BusinessCalendar: ...

    @abstractmethod
    def late_title(self, row: Any, days: int) -> str:
        """The notification and the subject of the mail."""

    @abstractmethod
    def record(self, actor: Actor, row: Any, days: int, users: Collection[User]) -> None:
        """Keep in the history of the thing who was told."""


def kinds() -> dict[str, Due]:
    """Every kind by its subject type, in a fixed order."""
    return {name: kind() for name, kind in sorted(registry.providers(PLACE).items())}
