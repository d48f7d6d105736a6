"""Making what comes back by a rule: each time is an item of its own, made three months ahead."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.commitments.models import Promise, Series, Task
from enishi.commitments.queries.days import business_calendar
from enishi.commitments.services import rules, writing
from enishi.commitments.services.rules import C, CommitmentError
from enishi.contacts.models import Party
from enishi.core import clock
from enishi.core.calendar import BusinessCalendar, CalendarError, occurrences, parse_rule

AHEAD = dt.timedelta(days=90)
_PROMISE = ("title", "detail", "direction", "negative", "party_id", "owner_id", "duty_id", "evidence", "amount", "currency", "purpose", "for_people", "quote", "said_in_id", "said_via", "said_at",
            "said_start", "said_end")  # fmt: skip
_TASK = (
    "title",
    "detail",
    "party_id",
    "owner_id",
    "promise_id",
    "quote",
    "said_in_id",
    "said_start",
    "said_end",
)


def office_zone() -> dt.tzinfo:
    """Rules and closing days are meant in the organisation's own time."""
    return zoneinfo.ZoneInfo(accounts.organisation().time_zone)


def begin_series(actor: Actor, first: C, *, rule: str, shift: str) -> C:
    """Make the series of which this unsaved row is the first time, and its times of the next three months."""
    if first.due_at is None:
        raise CommitmentError(_("What repeats needs its first date."), "due_at")
    local = timezone.localtime(first.due_at, office_zone())
    series = Series(
        project=first.project,
        confidentiality=first.confidentiality,
        rule=_canonical(rule),
        starts_on=local.date(),
        due_time=local.time(),
        shift=Series.Shift(shift),
        template=_template(first),
    )
    series.made_until = max(_horizon(), series.starts_on + AHEAD)
    days = _days(series, after=series.starts_on, until=series.made_until) or _first_day(series)
    series.save()
    rows = [_row(series, day, due, type(first)) for day, due in days.items()]
    writing.save_new(actor, rows)
    rules.tell_owner(actor, rows[0], first.owner)
    return rows[0]


def _canonical(rule: str) -> str:
    try:
        return parse_rule(rule).text
    except CalendarError as error:
        raise CommitmentError(str(error), "rule") from None


def _first_day(series: Series) -> dict[dt.date, dt.date]:
    """A rule that begins later than three months from now is made up to its first time at once."""
    for years in (1, 5, 30):
        until = series.starts_on + dt.timedelta(days=366 * years)
        days = _days(series, after=series.starts_on, until=until)
        if days:
            day = next(iter(days))
            series.made_until = day
            return {day: days[day]}
    raise CommitmentError(_("By this rule it never happens. Change the rule or the first date."), "rule")


def _template(row: Promise | Task) -> dict[str, Any]:
    kind, names = ("promise", _PROMISE) if isinstance(row, Promise) else ("task", _TASK)
    values = {name: getattr(row, name) for name in names}
    return {"kind": kind, **{name: stored(value) for name, value in values.items()}}


def stored(value: Any) -> Any:
    """A value as a template keeps it: moments and amounts as text, records by their number."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else getattr(value, "pk", value)


def _horizon() -> dt.date:
    return timezone.localdate(clock.now(), office_zone()) + AHEAD


def _days(
    series: Series, *, after: dt.date, until: dt.date, taken: Iterable[dt.date] = ()
) -> dict[dt.date, dt.date]:
    """The days that the rule names from ``after`` to ``until``, each with the day it is due once closed days are passed.

    Two that meet on one day become one, also with those already ``taken``. Raises CommitmentError for an unusable rule.
    """
    calendar, used = business_calendar(series.project), set(taken)
    days: dict[dt.date, dt.date] = {}
    try:
        for day in occurrences(series.rule, series.starts_on, after=after, before=until):
            due = _moved(day, calendar, series.shift)
            if due not in used:
                days[day] = due
                used.add(due)
    except CalendarError as error:
        raise CommitmentError(str(error), "rule") from None
    return days


def _moved(day: dt.date, calendar: BusinessCalendar, shift: str) -> dt.date:
    if shift == Series.Shift.FORWARD:
        return calendar.next_open(day)
    return calendar.previous_open(day) if shift == Series.Shift.BACKWARD else day


def _row(series: Series, occurrence: dt.date, due: dt.date, model: type[C]) -> C:
    values = {name: value for name, value in series.template.items() if name != "kind"}
    if values.get("said_at"):
        values["said_at"] = dt.datetime.fromisoformat(values["said_at"])
    if values.get("amount"):
        values["amount"] = Decimal(values["amount"])
    due_at = dt.datetime.combine(due, series.due_time or dt.time(18), tzinfo=office_zone())
    row = model(
        project=series.project,
        confidentiality=series.confidentiality,
        series=series,
        occurrence=occurrence,
        due_at=due_at,
        created_at=clock.now(),
        updated_at=clock.now(),
        **values,
    )
    return cast(C, row)


def model_of(series: Series) -> type[Promise] | type[Task]:
    return Promise if series.template["kind"] == "promise" else Task


def times_of(series: Series) -> Any:
    model = model_of(series)
    return model.objects.unscoped("the times of a series that the actor may change").filter(series=series)


@transaction.atomic
def extend_series(actor: Actor, series: Series) -> int:
    """Make the times up to three months from today that are not made yet; returns how many."""
    series = locked_series(series)
    horizon = _horizon()
    if series.ended_at is not None or (series.made_until is not None and series.made_until >= horizon):
        return 0
    times = list(times_of(series).values_list("occurrence", "due_at"))
    made, zone = {occurrence for occurrence, _due in times}, office_zone()
    days = _days(
        series,
        after=(series.made_until or series.starts_on) + dt.timedelta(days=1),
        until=horizon,
        taken={due.astimezone(zone).date() for _occurrence, due in times if due},
    )
    rows = [_row(series, day, due, model_of(series)) for day, due in days.items() if day not in made]
    party = _present_party(series.template.get("party_id"))
    if party is not None:
        series.confidentiality = max(series.confidentiality, party.confidentiality)
    for row in rows:
        row.party, row.confidentiality = party, series.confidentiality
    writing.save_new(actor, rows)
    series.made_until = horizon
    series.save(update_fields=["made_until", "confidentiality"])
    return len(rows)


def _present_party(party_id: int | None) -> Party | None:
    """The person of a series; of a merged one the survivor."""
    parties = Party.objects.unscoped("whom a series hangs on")
    party = parties.filter(pk=party_id or 0).first()
    while party is not None and party.merged_into_id is not None:
        party = parties.filter(pk=party.merged_into_id).first()
    return party


def extend_all_series(actor: Actor) -> int:
    """The daily job: make what is missing of every running series, each in a transaction of its own."""
    waiting = Series.objects.unscoped("upkeep of every series").filter(
        ended_at__isnull=True, made_until__lt=_horizon()
    )
    return sum(extend_series(actor, series) for series in waiting.order_by("pk"))


def locked_series(series: Series) -> Series:
    return (
        Series.objects.unscoped("locked for a change that the actor may make")
        .select_related("project")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=series.pk)
    )
