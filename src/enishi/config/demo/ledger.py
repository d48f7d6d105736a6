"""The demo's promises and tasks: made where they were said, settled when the story says so, by the services themselves."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from enishi.accounts.access import Level
from enishi.commitments.models import Promise, Series
from enishi.commitments.services import (
    extend_series,
    finish_task,
    make_promise,
    make_task,
    report_done,
    settle_promise,
)
from enishi.config.demo import material
from enishi.config.demo.organisation import House
from enishi.config.demo.people import DAYS, ZONES, Sketch
from enishi.config.demo.telling import Promised, Said
from enishi.content.models import File
from enishi.core import clock

SOON = dt.timedelta(minutes=3)
DAY = dt.timedelta(days=1)
QUARTER = dt.timedelta(days=85)


def save_promises(house: House, promised: Sequence[Promised], papers: Mapping[int, list[File]]) -> None:
    """Make each promise minutes after it was said and settle it when it was kept, broken or waived.

    ``papers`` are the files of a conversation, by its number: what was sent is the proof that it was sent.
    """
    for one in promised:
        with clock.standing_at(min(one.said.interaction.created_at + SOON, clock.now())):
            promise = _make(house, one)
        if one.settled is None:
            continue
        by = one.settled.by
        at = max(by.interaction.created_at if by else one.settled.at, promise.created_at)
        with clock.standing_at(at + SOON):
            settle_promise(
                house.actors[one.said.user],
                promise,
                state=one.settled.state,
                outcome=one.settled.outcome,
                files=papers.get(by.interaction.pk, ()) if by else (),
            )


def _make(house: House, one: Promised) -> Promise:
    said, interaction = one.said, one.said.interaction
    start, end = said.passage
    return make_promise(
        house.actors[said.user],
        project=house.projects[said.projects[0]],
        title=one.title,
        direction=one.vow.direction,
        negative=one.vow.negative,
        party=said.who.party,
        owner=house.users[said.user],
        due_at=one.due_at,
        quote=interaction.text[start:end],
        said_in_id=interaction.pk,
        said_via=interaction.channel,
        said_at=interaction.occurred_at,
        said_start=start if end else None,
        said_end=end or None,
        confidentiality=interaction.confidentiality,
    )


def save_tasks(house: House, story: Sequence[Said], rng: random.Random) -> None:
    """What people noted for themselves while they wrote a conversation down."""
    for said in story:
        if not said.turn.task:
            continue
        interaction, actor = said.interaction, house.actors[said.user]
        due = interaction.occurred_at.replace(hour=15, minute=0) + dt.timedelta(days=rng.randrange(2, 12))
        with clock.standing_at(min(interaction.created_at + SOON, clock.now())):
            task = make_task(
                actor,
                project=house.projects[said.projects[0]],
                title=said.turn.task,
                party=said.who.party,
                owner=house.users[said.user],
                due_at=due,
                said_in_id=interaction.pk,
                confidentiality=interaction.confidentiality,
            )
        done = due + dt.timedelta(hours=rng.uniform(-40, 6))
        if interaction.created_at < done < clock.now() and (
            rng.random() < 0.9 or due < clock.now() - QUARTER
        ):
            with clock.standing_at(done):
                finish_task(actor, task)


def save_errands(house: House) -> None:
    """What people want to do these days, and what they did in the last ones."""
    now = clock.now()
    for entry in material.read("tasks")["task"]:
        actor, due = house.actors[entry["owner"]], now + entry["due"] * DAY
        zone = zoneinfo.ZoneInfo(house.users[entry["owner"]].time_zone)
        due = dt.datetime.combine(due.astimezone(zone).date(), dt.time(entry.get("hour", 16)), zone)
        with clock.standing_at(min(due, now) - 4 * DAY):
            task = make_task(
                actor,
                project=house.projects[entry["project"]],
                title=entry["title"],
                owner=house.users[entry["owner"]],
                due_at=due,
                detail=entry.get("detail", ""),
            )
        if entry.get("done"):
            with clock.standing_at(due - dt.timedelta(hours=3)):
                finish_task(actor, task)


def save_duties(house: House, organisations: Sequence[Sketch], rng: random.Random) -> None:
    """Duties that come back by a rule, kept time after time, with one that was late and one that was missed."""
    now = clock.now()
    by_name = {sketch.draft.full_name: sketch for sketch in organisations}
    for entry in material.read("duties")["duty"]:
        owner, project = house.users[entry["owner"]], house.projects[entry["project"]]
        actor = house.actors[entry["owner"]]
        zone = zoneinfo.ZoneInfo(ZONES[project.country])
        began = now - dt.timedelta(days=DAYS - 30)
        first = dt.datetime.combine(began.date() + dt.timedelta(days=entry["first"]), dt.time(17), zone)
        with clock.standing_at(began):
            promise = make_promise(
                actor,
                project=project,
                title=entry["title"],
                direction=entry.get("direction", "ours"),
                party=by_name[entry["party"]].party,
                owner=owner,
                due_at=first,
                detail=entry.get("detail", ""),
                confidentiality=Level.INTERNAL,
                rule=entry["rule"],
                shift=entry.get("shift", Series.Shift.BACKWARD),
            )
        series = promise.series
        assert series is not None
        for moment in [*_quarters(began, now - DAY), now - DAY]:
            with clock.standing_at(moment):
                extend_series(actor, series)
        _keep_times(actor, series, entry, rng)


def _quarters(began: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    while (began := began + QUARTER) < until:
        yield began


def _keep_times(actor: Any, series: Series, entry: Mapping[str, Any], rng: random.Random) -> None:
    now = clock.now()
    times = list(
        Promise.objects.unscoped("the times of a series just made")
        .filter(series=series, due_at__lt=now)
        .order_by("due_at")
    )
    late, missed = entry.get("late", -1), entry.get("missed", -1)
    unproven = len(times) - 1 if entry.get("unproven") else -1
    for number, promise in enumerate(times):
        assert promise.due_at is not None
        if number == missed:
            state, outcome, at = "broken", entry["why"], promise.due_at + dt.timedelta(days=4)
        else:
            hours = rng.uniform(20, 60) if number == late else -rng.uniform(2, 70)
            state, outcome, at = "kept", entry["kept"], promise.due_at + dt.timedelta(hours=hours)
        if at >= now:
            continue
        with clock.standing_at(max(at, promise.created_at + SOON)):
            if number == unproven:
                report_done(actor, promise)
            else:
                settle_promise(actor, promise, state=state, outcome=outcome)
