"""What holds for everything that is written down about a stakeholder."""

from __future__ import annotations

from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.models import Party
from enishi.core.errors import Refusal

VIEW = "engagement.view"
RATE = "engagement.rate"
PLAN = "engagement.plan"
SHARE = "engagement.share"


class EngagementError(Refusal):
    """Something cannot be saved as asked; ``field`` is where, the text says why and what to do."""


class Conflict(EngagementError):
    """Somebody else was faster."""


def check_party(project: Project, party: Party) -> None:
    """Who is not in the project is no stakeholder of it, and its readers may not know them."""
    if project.pk not in party.project_ids or party.deleted_at is not None:
        raise EngagementError(
            _("%(name)s is not in the project %(project)s. Add them to it first.")
            % {"name": party.full_name, "project": project.name},
            "party",
        )


def level(actor: Actor, project: Project, party: Party) -> int:
    """As confidential as is usual in the project, and never less than the person."""
    return max(project.default_level, party.confidentiality)
