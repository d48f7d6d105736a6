"""How it stands, on the pages of contacts and projects: fetched after the page, which costs them nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.models import Party
from enishi.core.personal import PLACE
from enishi.core.registry import Shown, panel, provide
from enishi.health.personal import HealthKeeper

provide(PLACE, HealthKeeper.code)(HealthKeeper)


@panel("contacts.record.end", order=16)
def of_party(actor: Actor, party: Party) -> Shown | None:
    if party.deleted_at is not None:
        return None
    return Shown("health/panel.html", {"url": reverse("health:contact", args=[party.pk])})


@panel("project.side", order=5)
def of_project(actor: Actor, project: Project) -> Shown:
    return Shown("health/panel.html", {"url": reverse("health:project", args=[project.pk])})


@provide("timeline.fields", "contacts.party:health")
def history_names() -> Mapping[str, Any]:
    return {
        "own_score": _("own score"),
        "own_reason": _("reason"),
        "expected_talks": _("conversations expected in 30 days"),
    }


provide("timeline.fields", "accounts.project:health")(history_names)
