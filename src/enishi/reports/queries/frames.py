"""What a report may be about: the projects, levels and periods that somebody can choose."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import Project
from enishi.contacts.models import Tag
from enishi.core import clock
from enishi.core.errors import Refusal
from enishi.reports.framing import Definition, Frame
from enishi.timeline.models import Entry

MAKE = "reports.make"


class ReportError(Refusal):
    """A report that cannot be made, with the reason; ``field`` is the filter at fault."""


@dataclass(frozen=True)
class Choice:
    """What somebody chose: plain values, as they are kept with the report."""

    project_id: int | None
    since: dt.date
    until: dt.date
    level: int = Level.INTERNAL
    tag_id: int | None = None
    side: str = ""
    at: dt.datetime | None = None
    """The moment as of which it is told; None is now."""

    def stored(self) -> dict[str, Any]:
        values = asdict(self)
        moment = {"at": values.pop("at").isoformat()} if self.at is not None else {}
        values.pop("at", None)
        return {**values, "since": self.since.isoformat(), "until": self.until.isoformat(), **moment}

    @classmethod
    def read(cls, values: dict[str, Any]) -> Choice:
        days = {name: dt.date.fromisoformat(values[name]) for name in ("since", "until")}
        at = dt.datetime.fromisoformat(values["at"]) if "at" in values else None
        return cls(**{**values, **days, "at": at})


def end_of(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The last moment of a day."""
    return dt.datetime.combine(day, dt.time.max, tzinfo=zone)


def projects(actor: Actor, definition: Definition) -> list[Project]:
    """The projects about which the actor may make such a report."""
    return [
        project
        for project in accounts.projects(actor, MAKE)
        if clearance(actor, definition, project.pk) is not None
    ]


def clearance(
    actor: Actor, definition: Definition, project_id: int | None, *, make: bool = True, past: bool = False
) -> int | None:
    """Up to which level somebody reads everything that such a report needs; None where a right is missing."""
    found: list[int] = []
    for right in _needed(definition, make=make, past=past):
        scope = actor.scope(right)
        level = scope.everywhere if project_id is None else scope.clearance(project_id)
        if level is None:
            return None
        found.append(level)
    return min(found)


def _needed(definition: Definition, *, make: bool, past: bool) -> list[str]:
    """What stood somewhere once is read in the history."""
    return [
        *([MAKE] if make else []),
        "reports.view",
        *definition.needs,
        *([Entry.view_right] if past else []),
    ]


def levels(actor: Actor, definition: Definition, found: Iterable[Project]) -> list[int]:
    """The levels up to which somebody may make such a report in one of these projects, or about everything."""
    here = [clearance(actor, definition, project.pk) for project in found]
    here.append(clearance(actor, definition, None))
    highest = max((level for level in here if level is not None), default=-1)
    return [level for level in Level.values if level <= highest]


def tag_choices(found: Iterable[Project]) -> list[tuple[int, str]]:
    """Tags that may stand in these projects."""
    allowed = {project.pk for project in found}
    tags = Tag.objects.filter(archived_at__isnull=True)
    return [(tag.pk, tag.path) for tag in tags if tag.project_id is None or tag.project_id in allowed]


def tags_below(tag_id: int) -> tuple[int, ...]:
    """A tag and everything below it."""
    found, parents = {tag_id}, dict(Tag.objects.values_list("pk", "parent_id"))
    grew = True
    while grew:
        below = {pk for pk, parent in parents.items() if parent in found} - found
        grew, found = bool(below), found | below
    return tuple(sorted(found))


def frame_of(
    actor: Actor,
    definition: Definition,
    choice: Choice,
    *,
    language: str,
    zone: str,
    now: dt.datetime | None = None,
    make: bool = True,
) -> Frame:
    """The frame of a report. Raises Forbidden where a right is missing, ReportError where the choice makes no sense."""
    past, moment = choice.at is not None, now or clock.now()
    allowed = clearance(actor, definition, choice.project_id, make=make, past=past)
    if allowed is None:
        missing = _needed(definition, make=True, past=past)
        raise Forbidden(
            next((right for right in missing if not _held(actor, right, choice.project_id)), MAKE)
        )
    if choice.level > allowed:
        raise ReportError(
            _("You read up to “%(level)s” there. Choose that or less.") % {"level": Level(allowed).label},
            "level",
        )
    if choice.until < choice.since:
        raise ReportError(_("The period ends before it begins. Change one of the dates."), "until")
    if choice.at is not None:
        _check_moment(definition, choice, choice.at, moment, zoneinfo.ZoneInfo(zone))
    project = Project.objects.get(pk=choice.project_id) if choice.project_id else None
    return Frame(
        actor=actor,
        project=project,
        project_ids=accounts.ids_below(project) if project else (),
        level=choice.level,
        since=choice.since,
        until=choice.until,
        language=language,
        zone=zoneinfo.ZoneInfo(zone),
        now=choice.at or moment,
        past=past,
        tag_ids=tags_below(choice.tag_id) if choice.tag_id else (),
        side=choice.side,
    )


def _check_moment(
    definition: Definition, choice: Choice, at: dt.datetime, now: dt.datetime, zone: dt.tzinfo
) -> None:
    if not definition.past:
        raise ReportError(str(definition.untold), "as_of")
    if at > now:
        raise ReportError(_("That day is still to come. Choose today or an earlier one."), "as_of")
    if choice.since > at.astimezone(zone).date():
        raise ReportError(
            _("The period begins after the day as of which it is told. Change one of them."), "as_of"
        )


def _held(actor: Actor, right: str, project_id: int | None) -> bool:
    return actor.may_everywhere(right) if project_id is None else actor.may(right, project_id)
