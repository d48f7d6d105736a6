"""What falls due here: promises and tasks, and reviews of duties. Reminding and telling others is done by ``due``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, ClassVar

from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.db.models.functions import Cast
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project, User
from enishi.commitments import signals
from enishi.commitments.models import Duty, Promise, Task
from enishi.commitments.queries.days import business_calendar
from enishi.commitments.services.repeating import office_zone
from enishi.commitments.services.rules import VIEW, address, duty_address
from enishi.core import clock
from enishi.core.calendar import BusinessCalendar
from enishi.core.formats import format_number
from enishi.due.kinds import Due, Escalating, Moment, Rows
from enishi.timeline.services import record

OVERSEE = "commitments.oversee"
# A review has a day and no hour: at noon UTC that day has come nearly everywhere.
_NOON = Value(dt.timedelta(hours=12))


def _title(row: Promise | Task, moment: str) -> str:
    """Never the words of a confidential record: notifications show on screens that others see."""
    if row.confidentiality >= Level.CONFIDENTIAL:
        return {
            Moment.SOON: _("Something confidential is due soon."),
            Moment.DUE: _("Something confidential is due today."),
            Moment.LATE: _("Something confidential is late."),
        }[Moment(moment)]
    return {
        Moment.SOON: _("Due soon: %(title)s"),
        Moment.DUE: _("Due today: %(title)s"),
        Moment.LATE: _("Late: %(title)s"),
    }[Moment(moment)] % {"title": row.title}


def _line(row: Promise | Task) -> tuple[str, str]:
    """A confidential one without its words, for mail leaves the house."""
    if row.confidentiality >= Level.CONFIDENTIAL:
        return _("Something confidential"), ""
    return row.title, row.party.full_name if row.party else ""


class Tasks(Due):
    model: ClassVar[Any] = Task
    related = ("party",)

    def waiting(self, rows: Rows) -> Rows:
        return rows.filter(done_at__isnull=True, due_at__isnull=False).annotate(falls_at=F("due_at"))

    def title(self, row: Any, moment: str) -> str:
        return _title(row, moment)

    def line(self, row: Any) -> tuple[str, str]:
        return _line(row)

    def address(self, row: Any) -> str:
        return address(row)


class Promises(Tasks, Escalating):
    model = Promise
    sees, oversees = VIEW, OVERSEE

    def waiting(self, rows: Rows) -> Rows:
        return super().waiting(rows.filter(state=Promise.State.OPEN))

    def late(self, rows: Rows) -> Rows:
        return self.waiting(rows.filter(direction=Promise.Direction.OURS, negative=False))

    def calendar(self, project: Project) -> BusinessCalendar:
        return business_calendar(project)

    def late_title(self, row: Any, days: int) -> str:
        shown = {"n": days, "shown": format_number(days, translation.get_language() or "en")}
        if row.confidentiality >= Level.CONFIDENTIAL:
            words = ngettext(
                "Something confidential is %(shown)s business day late",
                "Something confidential is %(shown)s business days late",
                days,
            )
            return words % shown
        words = ngettext(
            "%(shown)s business day late: %(title)s", "%(shown)s business days late: %(title)s", days
        )
        return words % {**shown, "title": row.title}

    def record(self, actor: Actor, row: Any, days: int, users: Collection[User]) -> None:
        data = {"days": days, "told": [user.name for user in users]}
        record(actor, signals.promise_escalated, subject=row, party_id=row.party_id, data=data)


class Reviews(Due):
    """Duties whose day to be looked at again has come: told once for each such day."""

    model = Duty
    last = Moment.DUE
    heading = gettext_lazy("Duties due for review")
    icon = "gavel"

    def waiting(self, rows: Rows) -> Rows:
        today = timezone.localdate(clock.now(), office_zone())
        day = Cast("next_review_on", DateTimeField())
        return rows.filter(ended_at__isnull=True, next_review_on__lte=today).annotate(
            falls_at=ExpressionWrapper(day + _NOON, output_field=DateTimeField())
        )

    def moment(self, row: Any, now: dt.datetime, zone: dt.tzinfo) -> str | None:
        return Moment.DUE

    def when(self, row: Any) -> dt.date:
        day: dt.date = row.next_review_on
        return day

    def title(self, row: Any, moment: str) -> str:
        if row.confidentiality >= Level.CONFIDENTIAL:
            return _("Something confidential is due for review.")
        return _("Due for review: %(title)s") % {"title": row.title}

    def line(self, row: Any) -> tuple[str, str]:
        return self.title(row, Moment.DUE), ""

    def address(self, row: Any) -> str:
        return duty_address(row)
