"""Days on which the organisation is closed, and the business calendar that knows them."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.commitments.models import ClosingDay
from enishi.core.calendar import BusinessCalendar


def business_calendar(project: Project | None, country: str = "") -> BusinessCalendar:
    """The calendar of a project: its country's holidays, its own closing days and those that hold everywhere."""
    days = ClosingDay.objects.filter(Q(project=None) | Q(project=project) if project else Q(project=None))
    return BusinessCalendar(
        project.country if project else country, frozenset(days.values_list("day", flat=True))
    )


def closed_on(project: Project, moment: dt.datetime | None) -> str:
    """Why the project is closed on the day of a moment, in the reader's language; nothing where it is open."""
    if moment is None:
        return ""
    day = timezone.localdate(moment, zoneinfo.ZoneInfo(accounts.organisation().time_zone))
    own = ClosingDay.objects.filter(Q(project=None) | Q(project=project), day=day).values_list(
        "name", flat=True
    )
    if name := own.first():
        return name
    calendar, language = BusinessCalendar(project.country), get_language() or "en"
    if holiday := calendar.holiday(day, language):
        return holiday
    return "" if calendar.is_open(day) else date_format(day, "l")


def closing_days(actor: Actor) -> QuerySet[ClosingDay]:
    """Own closing days of everywhere and of the projects that the actor sees, soonest first. They are no secret."""
    scope = actor.scope("commitments.view").some
    found = ClosingDay.objects.select_related("project").order_by("day", "pk")
    if scope.everywhere is None:
        found = found.filter(Q(project=None) | Q(project__in=list(scope.projects)))
    return found


def closing_day(actor: Actor, closing_day_id: int) -> ClosingDay:
    """One closing day; raises ClosingDay.DoesNotExist."""
    return closing_days(actor).get(pk=closing_day_id)
