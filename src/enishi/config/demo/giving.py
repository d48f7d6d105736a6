"""What the demo's organisation promised to communities in money or in kind, and what it gave of that."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

from enishi.commitments.models import Promise
from enishi.commitments.services import give, make_promise, settle_promise
from enishi.config.demo import material
from enishi.config.demo.organisation import House
from enishi.config.demo.people import ZONES, Sketch
from enishi.core import clock
from enishi.core.money import parse_money

DAY = dt.timedelta(days=1)


def save(house: House, organisations: Sequence[Sketch]) -> None:
    """Make each promise on its day, give its parts on theirs, and settle what is over."""
    now = clock.now()
    parties = {sketch.draft.full_name: sketch.party for sketch in organisations}
    for entry in material.read("giving")["promise"]:
        actor, project = house.actors[entry["owner"]], house.projects[entry["project"]]
        due = dt.datetime.combine(
            (now - entry["due"] * DAY).date(), dt.time(18), zoneinfo.ZoneInfo(ZONES[project.country])
        )
        with clock.standing_at(now - entry["made"] * DAY):
            promise = make_promise(
                actor,
                project=project,
                title=entry["title"],
                direction=Promise.Direction.OURS,
                party=parties[entry["party"]],
                owner=house.users[entry["owner"]],
                due_at=due,
                money=parse_money(entry["amount"]),
                purpose=entry["purpose"],
                for_people=entry.get("for_people"),
            )
        for part in entry["given"]:
            _give(house, entry, promise, part, now - part["ago"] * DAY)
        if state := entry.get("state"):
            with clock.standing_at(due - DAY):
                settle_promise(actor, promise, state=state)


def _give(
    house: House, entry: Mapping[str, Any], promise: Promise, part: Mapping[str, Any], at: dt.datetime
) -> None:
    with clock.standing_at(at):
        give(
            house.actors[entry["owner"]],
            promise,
            day=at.date(),
            money=parse_money(part["amount"], promise.currency),
            in_kind=part.get("in_kind", False),
            note=part.get("note", ""),
            proof_text=part.get("proof", ""),
        )
