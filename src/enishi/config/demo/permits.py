"""The demo's permits and agreements: clauses read from their text, kept time after time with proof."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from enishi.accounts.access import Level
from enishi.commitments.models import Duty, Promise
from enishi.commitments.services import (
    DutyDraft,
    extend_series,
    report_done,
    settle_promise,
    write_duties,
    write_source,
)
from enishi.commitments.services.clauses import read_clauses
from enishi.config.demo import material
from enishi.config.demo.organisation import House
from enishi.config.demo.people import ZONES, Sketch
from enishi.core import clock

DAY = dt.timedelta(days=1)
AGE = 84 * DAY


def save(house: House, organisations: Sequence[Sketch]) -> None:
    """Write down each document as it was three months ago, and keep what fell due since."""
    began = clock.now() - AGE
    parties = {sketch.draft.full_name: sketch.party for sketch in organisations}
    for entry in material.read("permits")["document"]:
        actor, project = house.actors[entry["owner"]], house.projects[entry["project"]]
        with clock.standing_at(began):
            source = write_source(
                actor,
                project=project,
                kind=entry["kind"],
                title=entry["title"],
                reference=entry["reference"],
                authority=parties[entry["authority"]],
                valid_from=began.date(),
                valid_until=(began + 700 * DAY).date(),
                confidentiality=Level.INTERNAL,
            )
            duties = write_duties(actor, source, _drafts(house, entry, began))
        for duty in duties:
            _keep(house, entry, duty)


def _drafts(house: House, entry: Mapping[str, Any], began: dt.datetime) -> list[DutyDraft]:
    zone = zoneinfo.ZoneInfo(ZONES[house.projects[entry["project"]].country])
    first = dt.datetime.combine(began.date() + 4 * DAY, dt.time(17), zone)
    draft = DutyDraft("", owner=house.users[entry["owner"]], review_months=entry["review_months"])
    return [
        replace(
            draft,
            clause=one.clause,
            title=one.title,
            citation=one.citation,
            negative=one.negative,
            rule=one.rule,
            due_at=first if one.rule else None,
            evidence=entry["evidence"] if one.rule else "",
        )
        for one in read_clauses(entry["text"])
    ]


def _keep(house: House, entry: Mapping[str, Any], duty: Duty) -> None:
    actor, now = house.actors[entry["owner"]], clock.now()
    times = Promise.objects.unscoped("the times of a duty just made").filter(duty=duty, series__isnull=False)
    repeat = times.select_related("series").first()
    if repeat is None or repeat.series is None:
        return
    extend_series(actor, repeat.series)
    over = list(times.filter(due_at__lt=now).order_by("due_at"))
    for number, promise in enumerate(over):
        assert promise.due_at is not None
        late = number == len(over) // 2
        at = promise.due_at + dt.timedelta(hours=30 if late else -5)
        if at >= now:
            continue
        with clock.standing_at(at):
            if number == len(over) - 1 and duty.clause == entry.get("unproven"):
                report_done(actor, promise)
            else:
                settle_promise(actor, promise, state="kept", proof_text=entry["proof"])
