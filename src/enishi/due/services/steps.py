"""The rule by which others are told of what stays late."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.core.errors import Refusal
from enishi.due import signals
from enishi.due.models import Step
from enishi.due.queries import SETTINGS
from enishi.timeline.services import record


class DueError(Refusal):
    """A step cannot be saved as asked; ``field`` is where, the text says why and what to do."""


@transaction.atomic
def add_step(
    actor: Actor, *, days: int, to: str, user: User | None = None, project: Project | None = None
) -> Step:
    """Say whom to tell after so many business days, in a project with those below it or everywhere."""
    actor.require_everywhere(SETTINGS)
    wanted = Step.To(to)
    if wanted == Step.To.PERSON and user is None:
        raise DueError(_("Choose whom to tell."), "user")
    step, created = Step.objects.get_or_create(
        project=project, days=days, to=wanted, user=user if wanted == Step.To.PERSON else None
    )
    if not created:
        raise DueError(_("That step is there already."), "days")
    _record(
        actor,
        step,
        {"days": (None, days), "to": (None, str(wanted.label)), "user": (None, user.name if user else "")},
    )
    return step


@transaction.atomic
def remove_step(actor: Actor, step: Step) -> None:
    """Take a step away; a project without any follows the one above it."""
    actor.require_everywhere(SETTINGS)
    _record(actor, step, {"days": (step.days, None), "to": (str(Step.To(step.to).label), None)})
    step.delete()


def _record(actor: Actor, step: Step, changes: dict[str, tuple[object, object]]) -> None:
    record(
        actor,
        signals.step_changed,
        subject=step,
        changes={name: pair for name, pair in changes.items() if pair[0] or pair[1]},
        project_ids=[step.project_id] if step.project_id else [],
    )
