"""Days on which the organisation is closed, and the business calendar that knows them."""

from __future__ import annotations

from django.db.models import Q, QuerySet

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


def closing_days(actor: Actor) -> QuerySet[ClosingDay]:
    """Own closing days of everywhere and of the projects that the actor sees, soonest first. They are no secret."""
    scope = actor.scope("commitments.view")
    found = ClosingDay.objects.select_related("project").order_by("day", "pk")
    if scope.everywhere is None:
        found = found.filter(Q(project=None) | Q(project__in=list(scope.projects)))
    return found


def closing_day(actor: Actor, closing_day_id: int) -> ClosingDay:
    """One closing day; raises ClosingDay.DoesNotExist."""
    return closing_days(actor).get(pk=closing_day_id)
