"""Who is told when a promise stays late, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Grant, Project, User
from enishi.commitments.models import Escalation, EscalationStep, Promise

OVERSEE, VIEW = "commitments.oversee", "commitments.view"
DEFAULT = EscalationStep(days=3, to=EscalationStep.To.OVERSEERS)
"""What holds where nobody set anything up."""


@dataclass
class Rules:
    """The steps of every project, read once."""

    parents: dict[int, int | None] = field(default_factory=dict)
    steps: dict[int | None, list[EscalationStep]] = field(default_factory=dict)

    def chain(self, project_id: int) -> list[int]:
        """The project and those above it, nearest first."""
        found: list[int] = []
        here: int | None = project_id
        while here is not None and here not in found:
            found.append(here)
            here = self.parents.get(here)
        return found

    def of(self, project_id: int) -> list[EscalationStep]:
        """The steps that hold in a project: its own, else those of the nearest above, else everywhere's, else the usual."""
        for place in [*self.chain(project_id), None]:
            if place in self.steps:
                return [step for step in self.steps[place] if step.to != EscalationStep.To.NOBODY]
        return [DEFAULT]

    def by_day(self, project_id: int) -> dict[int, list[EscalationStep]]:
        """The same by the number of days, the smallest first."""
        found: dict[int, list[EscalationStep]] = {}
        for step in sorted(self.of(project_id), key=lambda step: step.days):
            found.setdefault(step.days, []).append(step)
        return found


def rules() -> Rules:
    """In two queries."""
    found = Rules(dict(Project.objects.values_list("pk", "parent_id")))
    for step in EscalationStep.objects.select_related("user"):
        found.steps.setdefault(step.project_id, []).append(step)
    return found


def overseers(rules: Rules, promise: Promise) -> list[User]:
    """Who holds the right to oversee nearest to the promise's project, may read it, and is not its owner."""
    may_read = set(_readers(promise).values_list("pk", flat=True))
    grants = Grant.objects.filter(
        role__codes__contains=[OVERSEE], role__clearance__gte=promise.confidentiality
    )
    chain = rules.chain(promise.project_id)
    rows = grants.filter(Q(project__in=chain) | Q(project__isnull=True)).values_list(
        "project_id", "user_id", "team__members"
    )
    holders: dict[int | None, set[int]] = {}
    for project_id, user_id, member_id in rows:
        holders.setdefault(project_id, set()).update(filter(None, (user_id, member_id)))
    for place in [*chain, None]:
        told = (holders.get(place, set()) & may_read) - {promise.owner_id}
        if told:
            return list(User.objects.filter(pk__in=told, is_active=True).order_by("name", "pk"))
    return []


def _readers(promise: Promise) -> QuerySet[User]:
    return accounts.readers(VIEW, [promise.project_id], promise.confidentiality, owners=promise.owners())


def recipients(rules: Rules, step: EscalationStep, promise: Promise) -> list[User]:
    """Whom a step tells of a promise; nobody is told of what they may not read."""
    if step.to == EscalationStep.To.OVERSEERS:
        return overseers(rules, promise)
    return list(_readers(promise).filter(pk=step.user_id or 0))


def escalations(promise: Promise) -> QuerySet[Escalation]:
    """Who was told of a promise of which the actor reads the page, oldest first."""
    return Escalation.objects.filter(promise=promise).select_related("user")


def steps(actor: Actor) -> list[EscalationStep]:
    """Every step, those of everywhere first. They are no secret."""
    actor.require_everywhere("accounts.settings")
    found = EscalationStep.objects.select_related("project", "user")
    return sorted(
        found, key=lambda step: (step.project is not None, str(step.project or ""), step.days, step.pk)
    )


def step(actor: Actor, step_id: int) -> EscalationStep:
    """One step; raises EscalationStep.DoesNotExist."""
    actor.require_everywhere("accounts.settings")
    return EscalationStep.objects.select_related("project", "user").get(pk=step_id)
