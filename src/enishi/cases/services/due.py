"""The clocks of cases among what falls due: owners are reminded, and others told of what stays over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.cases import signals
from enishi.cases.models import Case
from enishi.cases.services.rules import VIEW, address, called
from enishi.commitments.queries import business_calendar
from enishi.commitments.services.due import OVERSEE
from enishi.core.calendar import BusinessCalendar
from enishi.core.formats import format_number
from enishi.due.kinds import SOON, Escalating, Moment, Rows
from enishi.timeline.services import record


class Cases(Escalating):
    model = Case
    notification = "case"
    sees, oversees = VIEW, OVERSEE

    def waiting(self, rows: Rows) -> Rows:
        return rows.filter(closed_at__isnull=True, due_at__isnull=False).annotate(falls_at=F("due_at"))

    def moment(self, row: Any, now: dt.datetime, zone: dt.tzinfo) -> str | None:
        """What came in with so little time needs no reminder of it."""
        if row.falls_at < now:
            return Moment.LATE
        near = row.falls_at < now + SOON and row.opened_at <= row.falls_at - SOON
        return Moment.SOON if near else None

    def title(self, row: Any, moment: str) -> str:
        words = _("Over time: %(case)s") if moment == Moment.LATE else _("Time is short: %(case)s")
        if row.is_paused and row.due_at == row.look_again_at:
            words = _("Look at it again: %(case)s")
        return words % {"case": called(row)}

    def line(self, row: Any) -> tuple[str, str]:
        return called(row), ""

    def address(self, row: Any) -> str:
        return address(row)

    def late(self, rows: Rows) -> Rows:
        """A pause that ends is the owner's matter: nothing was promised for that day."""
        return self.waiting(rows).exclude(Q(look_again_at__isnull=False) & Q(due_at=F("look_again_at")))

    def calendar(self, project: Project) -> BusinessCalendar:
        return business_calendar(project)

    def late_title(self, row: Any, days: int) -> str:
        words = ngettext(
            "%(shown)s business day over time: %(case)s", "%(shown)s business days over time: %(case)s", days
        )
        shown = format_number(days, translation.get_language() or "en")
        return words % {"shown": shown, "n": days, "case": called(row)}

    def record(self, actor: Actor, row: Any, days: int, users: Collection[User]) -> None:
        data = {"days": days, "told": [user.name for user in users]}
        record(actor, signals.case_escalated, subject=row, party_id=row.party_id, data=data)
