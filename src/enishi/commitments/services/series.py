"""Promises and tasks that come back by a rule: each time is an item of its own, made three months ahead."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.commitments import signals
from enishi.commitments.models import Promise, Series, Task
from enishi.commitments.queries.days import business_calendar
from enishi.commitments.services import promises, rules, tasks, writing
from enishi.commitments.services.rules import EDIT, C, CommitmentError
from enishi.contacts.models import Party
from enishi.core import clock
from enishi.core.calendar import BusinessCalendar, CalendarError, occurrences, parse_rule
from enishi.timeline.models import Entry
from enishi.timeline.services import record

AHEAD = dt.timedelta(days=90)
_PROMISE = ("title", "detail", "direction", "negative", "party_id", "owner_id", "quote", "said_in_id", "said_via", "said_at",
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
# What a change of the whole series may touch.
SHARED = frozenset({"title", "detail", "direction", "negative", "party", "owner"})


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
    if values.get("said_at"):
        values["said_at"] = values["said_at"].isoformat()
    return {"kind": kind, **values}


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


def _times(series: Series) -> Any:
    model = model_of(series)
    return model.objects.unscoped("the times of a series that the actor may change").filter(series=series)


@transaction.atomic
def extend_series(actor: Actor, series: Series) -> int:
    """Make the times up to three months from today that are not made yet; returns how many."""
    series = _locked(series)
    horizon = _horizon()
    if series.ended_at is not None or (series.made_until is not None and series.made_until >= horizon):
        return 0
    times = list(_times(series).values_list("occurrence", "due_at"))
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


def _locked(series: Series) -> Series:
    return (
        Series.objects.unscoped("locked for a change that the actor may make")
        .select_related("project")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=series.pk)
    )


@transaction.atomic
def end_series(actor: Actor, series: Series) -> Entry:
    """Stop repeating: times to come that nobody has touched go, everything else stays. Can be undone."""
    actor.require(EDIT, series.project_id)
    series = _locked(series)
    removed = list(_untouched(series))
    for row in removed:
        # Stopping is a change of the series: it needs no right to delete, for it can be taken up again.
        writing.remove(actor, row)
    series.ended_at = clock.now()
    series.save(update_fields=["ended_at"])
    return record(actor, signals.series_ended, subject=series, data={"removed": len(removed)})


def _untouched(series: Series) -> Any:
    times = _times(series).filter(due_at__gt=clock.now(), version=1)
    if model_of(series) is Promise:
        return times.filter(state=Promise.State.OPEN, proofs__isnull=True)
    return times.filter(done_at__isnull=True)


@transaction.atomic
def resume_series(actor: Actor, series: Series) -> Entry:
    """Take repeating up again, from today on."""
    actor.require(EDIT, series.project_id)
    series = _locked(series)
    series.ended_at = None
    series.made_until = timezone.localdate(clock.now(), office_zone()) - dt.timedelta(days=1)
    series.save(update_fields=["ended_at", "made_until"])
    entry = record(actor, signals.series_resumed, subject=series)
    extend_series(actor, series)
    return entry


@transaction.atomic
def change_series(actor: Actor, series: Series, **values: Any) -> int:
    """Change what the times of a series have in common, from now on; returns how many open times changed with it."""
    unknown = set(values) - SHARED
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    actor.require(EDIT, series.project_id)
    series = _locked(series)
    before = dict(series.template)
    stored = {
        f"{name}_id" if name in ("party", "owner") else name: _plain(value) for name, value in values.items()
    }
    series.template = {**before, **stored}
    series.save(update_fields=["template"])
    changed = 0
    for row in _times(series).filter(due_at__gte=clock.now()).order_by("due_at"):
        if not row.is_open:
            continue
        if isinstance(row, Promise):
            promises.change_promise(actor, row, **values)
        else:
            tasks.change_task(actor, row, **values)
        changed += 1
    changes = {name: (before.get(name), value) for name, value in stored.items() if before.get(name) != value}
    if changes:
        record(actor, signals.series_changed, subject=series, changes=changes, data={"times": changed})
    return changed


@transaction.atomic
def change_from_here(actor: Actor, promise: Promise, version: int | None = None, **values: Any) -> Promise:
    """Change one time of a series, and in the times that come after it what all have in common."""
    changed = promises.change_promise(actor, promise, version, **values)
    if changed.series is not None:
        change_series(actor, changed.series, **{name: values[name] for name in SHARED & set(values)})
    return changed


def _plain(value: Any) -> Any:
    return getattr(value, "pk", value)
