"""Letting the clock to the answer stand still while somebody else has to act, and go on."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.cases import signals
from enishi.cases.clocks import due_after
from enishi.cases.models import Case, CasePause
from enishi.cases.queries.cases import office_zone
from enishi.cases.services import rules
from enishi.cases.services.rules import EDIT, CaseError
from enishi.commitments.queries import business_calendar
from enishi.core import clock

LONGEST = dt.timedelta(days=183)


@transaction.atomic
def pause(
    actor: Actor, case: Case, *, waits_for: str, reason: str, look_on: dt.date, version: int | None = None
) -> Case:
    """Stop the clock to the answer until somebody answers us; the one to a first word runs on.

    ``look_on`` is the day on which we look again. Raises CaseError, Conflict.
    """
    actor.require(EDIT, case)
    case = rules.locked(case.pk, version)
    if not case.is_open or case.resolve_by is None:
        raise CaseError(_("No clock to an answer runs here, so none can be paused."))
    if case.is_paused:
        raise CaseError(_("The clock stands still already."))
    if waits_for not in CasePause.For.values:
        raise CaseError(_("Choose for whom we wait."), "waits_for")
    reason = rules.short_words(reason)
    if not reason:
        raise CaseError(_("Say what we wait for."), "reason")
    today = clock.now().astimezone(office_zone()).date()
    if not today < look_on <= today + LONGEST:
        raise CaseError(_("Choose a day to look again, at most half a year from today."), "look_on")
    before = rules.snapshot(case)
    CasePause.objects.create(
        case=case, waits_for=waits_for, reason=reason, since=clock.now(), user_id=actor.user_id
    )
    calendar = business_calendar(case.project)
    case.look_again_at = dt.datetime.combine(calendar.next_open(look_on), calendar.hours[1], office_zone())
    waits = str(CasePause.For(waits_for).label)
    return rules.finish(actor, case, signals.case_paused, before, reason=reason, waits_for=waits)


@transaction.atomic
def resume(actor: Actor, case: Case, *, version: int | None = None) -> Case:
    """Let the clock go on: the answer is promised later by the business days in which it stood still."""
    actor.require(EDIT, case)
    case = rules.locked(case.pk, version)
    if not case.is_paused:
        return case
    before = rules.snapshot(case)
    go_on(case)
    return rules.finish(actor, case, signals.case_resumed, before)


def go_on(case: Case) -> None:
    """End the pause of a locked case, if there is one; whoever calls saves and records it."""
    standing = CasePause.objects.filter(case=case, until__isnull=True).first()
    if standing is None:
        return
    now, zone, calendar = clock.now(), office_zone(), business_calendar(case.project)
    first, last = (moment.astimezone(zone).date() for moment in (standing.since, now))
    standing.until, standing.days = now, calendar.business_days_between(first, last)
    standing.save(update_fields=["until", "days"])
    case.paused_days += standing.days
    case.look_again_at = None
    if standing.days and case.resolve_by is not None:
        case.resolve_by = due_after(case.resolve_by, standing.days, calendar, zone)
