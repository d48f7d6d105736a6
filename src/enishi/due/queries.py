"""Who is told when something stays late, and by which rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Grant, Project, User
from enishi.core import clock
from enishi.due.kinds import Due, Escalating, kinds
from enishi.due.models import Escalation, Step
from enishi.timeline.services import subject_type

SETTINGS = "accounts.settings"
WEEK = dt.timedelta(days=7)
DEFAULT = Step(days=3, to=Step.To.OVERSEERS)
"""What holds where nobody set anything up."""


@dataclass
class Rules:
    """The steps of every project, read once."""

    parents: dict[int, int | None] = field(default_factory=dict)
    steps: dict[int | None, list[Step]] = field(default_factory=dict)

    def chain(self, project_id: int) -> list[int]:
        """The project and those above it, nearest first."""
        found: list[int] = []
        here: int | None = project_id
        while here is not None and here not in found:
            found.append(here)
            here = self.parents.get(here)
        return found

    def of(self, project_id: int) -> list[Step]:
        """The steps that hold in a project: its own, else those of the nearest above, else everywhere's, else the usual."""
        for place in [*self.chain(project_id), None]:
            if place in self.steps:
                return [step for step in self.steps[place] if step.to != Step.To.NOBODY]
        return [DEFAULT]

    def by_day(self, project_id: int) -> dict[int, list[Step]]:
        """The same by the number of days, the smallest first."""
        found: dict[int, list[Step]] = {}
        for step in sorted(self.of(project_id), key=lambda step: step.days):
            found.setdefault(step.days, []).append(step)
        return found


def rules() -> Rules:
    """In two queries."""
    found = Rules(dict(Project.objects.values_list("pk", "parent_id")))
    for step in Step.objects.select_related("user"):
        found.steps.setdefault(step.project_id, []).append(step)
    return found


def readers(kind: Escalating, row: Any) -> QuerySet[User]:
    """Who may read it now."""
    return accounts.readers(
        kind.sees,
        [row.project_id],
        row.confidentiality,
        subject=(subject_type(row), row.pk),
        owners=row.owners(),
    )


def overseers(rules: Rules, kind: Escalating, row: Any) -> list[User]:
    """Who holds the right to oversee nearest to its project, may read it, and is not its owner."""
    may_read = set(readers(kind, row).values_list("pk", flat=True))
    grants = Grant.objects.filter(
        role__codes__contains=[kind.oversees], role__clearance__gte=row.confidentiality
    )
    chain = rules.chain(row.project_id)
    rows = grants.filter(Q(project__in=chain) | Q(project__isnull=True)).values_list(
        "project_id", "user_id", "team__members"
    )
    holders: dict[int | None, set[int]] = {}
    for project_id, user_id, member_id in rows:
        holders.setdefault(project_id, set()).update(filter(None, (user_id, member_id)))
    for place in [*chain, None]:
        told = (holders.get(place, set()) & may_read) - {row.owner_id}
        if told:
            return list(User.objects.filter(pk__in=told, is_active=True).order_by("name", "pk"))
    return []


def recipients(rules: Rules, step: Step, kind: Escalating, row: Any) -> list[User]:
    """Whom a step tells of something; nobody is told of what they may not read."""
    if step.to == Step.To.OVERSEERS:
        return overseers(rules, kind, row)
    return list(readers(kind, row).filter(pk=step.user_id or 0))


def escalations(row: Any) -> QuerySet[Escalation]:
    """Who was told of a thing of which the actor reads the page, oldest first."""
    found = Escalation.objects.filter(subject_type=subject_type(row), subject_id=row.pk)
    return found.select_related("user")


@dataclass(frozen=True)
class Near:
    """What of one kind falls due for the reader, the most urgent first."""

    kind: Due
    rows: list[dict[str, Any]]
    more: bool


def near(actor: Actor, project_id: int | None, *, limit: int = 6) -> list[Near]:
    """My day: what the actor owns that is due within the week, of the kinds that have no place of their own there."""
    found = []
    for kind in kinds().values():
        if not kind.heading:
            continue
        mine = kind.waiting(kind.model.objects.visible_to(actor).filter(owner=actor.own_id))
        if project_id is not None:
            mine = mine.filter(project=project_id)
        soon = (
            mine.filter(falls_at__lt=clock.now() + WEEK).select_related("project").order_by("falls_at", "pk")
        )
        rows = [{"row": row, "url": kind.address(row), "when": kind.when(row)} for row in soon[: limit + 1]]
        if rows:
            found.append(Near(kind, rows[:limit], len(rows) > limit))
    return found


def steps(actor: Actor) -> list[Step]:
    """Every step, those of everywhere first. They are no secret."""
    actor.require_everywhere(SETTINGS)
    found = Step.objects.select_related("project", "user")
    return sorted(
        found, key=lambda step: (step.project is not None, str(step.project or ""), step.days, step.pk)
    )


def step(actor: Actor, step_id: int) -> Step:
    """One step; raises Step.DoesNotExist."""
    actor.require_everywhere(SETTINGS)
    return Step.objects.select_related("project", "user").get(pk=step_id)
