"""Changing what comes back by a rule: stopping it, taking it up again, changing its times to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from enishi.accounts.access import Actor
from enishi.commitments import signals
from enishi.commitments.models import Promise, Series
from enishi.commitments.services import promises, repeating, tasks, writing
from enishi.commitments.services.repeating import (
    extend_series,
    locked_series,
    model_of,
    office_zone,
    times_of,
)
from enishi.commitments.services.rules import EDIT
from enishi.core import clock
from enishi.timeline.models import Entry
from enishi.timeline.services import record

# What a change of the whole series may touch.
SHARED = frozenset(
    {
        "title",
        "detail",
        "direction",
        "negative",
        "party",
        "owner",
        "evidence",
        "money",
        "purpose",
        "for_people",
    }
)


@transaction.atomic
def end_series(actor: Actor, series: Series) -> Entry:
    """Stop repeating: times to come that nobody has touched go, everything else stays. Can be undone."""
    actor.require(EDIT, series)
    series = locked_series(series)
    removed = list(_untouched(series))
    for row in removed:
        # Stopping is a change of the series: it needs no right to delete, for it can be taken up again.
        writing.remove(actor, row)
    series.ended_at = clock.now()
    series.save(update_fields=["ended_at"])
    return record(actor, signals.series_ended, subject=series, data={"removed": len(removed)})


def _untouched(series: Series) -> Any:
    times = times_of(series).filter(due_at__gt=clock.now(), version=1)
    if model_of(series) is Promise:
        return times.filter(state=Promise.State.OPEN, proofs__isnull=True)
    return times.filter(done_at__isnull=True)


@transaction.atomic
def resume_series(actor: Actor, series: Series) -> Entry:
    """Take repeating up again, from today on."""
    actor.require(EDIT, series)
    series = locked_series(series)
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
    actor.require(EDIT, series)
    series = locked_series(series)
    before = dict(series.template)
    stored = _as_kept(values)
    series.template = {**before, **stored}
    series.save(update_fields=["template"])
    changed = 0
    for row in times_of(series).filter(due_at__gte=clock.now()).order_by("due_at"):
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


def _as_kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is changed, by the names of the template."""
    columns = {f"{name}_id" if name in ("party", "owner") else name: value for name, value in values.items()}
    if "money" in columns:
        money = columns.pop("money")
        columns |= {"amount": money and money.amount, "currency": money.currency if money else ""}
    return {name: repeating.stored(value) for name, value in columns.items()}
