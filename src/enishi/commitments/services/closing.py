"""The organisation's own closing days."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.commitments import signals
from enishi.commitments.models import ClosingDay
from enishi.commitments.services.rules import CommitmentError
from enishi.core.text import clean
from enishi.timeline.services import record

SETTINGS = "accounts.settings"


@transaction.atomic
def add_closing_day(actor: Actor, *, day: dt.date, name: str, project: Project | None = None) -> ClosingDay:
    """Close a day in one project or everywhere. Repeating promises made from now on move off it."""
    actor.require_everywhere(SETTINGS)
    name = " ".join(clean(name, max_length=120).split())
    if not name:
        raise CommitmentError(_("Say why you are closed on that day."), "name")
    closing, created = ClosingDay.objects.get_or_create(project=project, day=day, defaults={"name": name})
    if not created:
        raise CommitmentError(_("That day is closed already: %(name)s.") % {"name": closing.name}, "day")
    record(
        actor,
        signals.closing_days_changed,
        subject=closing,
        changes={"day": (None, day), "name": (None, name)},
        project_ids=[project.pk] if project else [],
    )
    return closing


@transaction.atomic
def remove_closing_day(actor: Actor, closing: ClosingDay) -> None:
    """Open a day again."""
    actor.require_everywhere(SETTINGS)
    record(
        actor,
        signals.closing_days_changed,
        subject=closing,
        changes={"day": (closing.day, None), "name": (closing.name, None)},
        project_ids=[closing.project_id] if closing.project_id else [],
    )
    closing.delete()
