"""What people raised: cases of every kind, brought on their way by the services themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from enishi.cases import services
from enishi.cases.models import Case
from enishi.config.demo import material
from enishi.config.demo.organisation import House
from enishi.core import clock

DAY = dt.timedelta(days=1)
TAKEN = (
    "kind", "title", "text", "channel", "anonymous", "teller_name", "language", "place", "happened", "priority", "impact",
    "values",
)  # fmt: skip


def save_cases(house: House) -> None:
    """Open each case so many days ago and bring it a stage further every other day."""
    now = clock.now()
    for entry in material.read("cases")["case"]:
        opened = now - entry["opened"] * DAY
        with clock.standing_at(opened):
            case = _open(house, entry)
        _bring_on(house, case, entry, opened)


def _open(house: House, entry: dict[str, Any]) -> Case:
    given = {name: entry[name] for name in TAKEN if name in entry}
    owner = house.users[entry["owner"]] if "owner" in entry else None
    return services.open_case(
        house.actors[entry["by"]], project=house.projects[entry["project"]], owner=owner, **given
    )


def _bring_on(house: House, case: Case, entry: dict[str, Any], opened: dt.datetime) -> None:
    actor, now = house.actors[entry["by"]], clock.now()
    moment = opened + dt.timedelta(hours=5)
    if entry["stages"]:
        with clock.standing_at(min(moment, now)):
            services.acknowledge(actor, case)
            written = {name: entry[name] for name in ("root_cause", "outcome") if name in entry}
            services.change_case(actor, case, **written)
    for stage in entry["stages"]:
        moment += 2 * DAY
        with clock.standing_at(min(moment, now)):
            services.move_case(actor, case, to=stage)
    if "note" in entry:
        services.note(actor, case, text=entry["note"])
    if "promise" in entry:
        due = now.replace(hour=15, minute=0) + entry["promise_due"] * DAY
        services.promise_from_case(
            actor, case, kind="ours", title=entry["promise"], owner=house.users[entry["owner"]], due_at=due
        )
    if "out" in entry:
        # Who keeps others out is the manager of the project.
        services.keep_out(
            house.actors["misaki"], case, user=house.users[entry["out"]], reason=entry["out_reason"]
        )
