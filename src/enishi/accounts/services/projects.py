"""Changing projects and the settings of the organisation."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Organisation, Project
from enishi.accounts.services.rules import MANAGE, AccountError, change
from enishi.core import clock
from enishi.core.events import record


@transaction.atomic
def create_project(
    actor: Actor,
    *,
    name: str,
    code: str,
    parent: Project | None = None,
    description: str = "",
    country: str = "GB",
    default_level: int = Level.INTERNAL,
) -> Project:
    actor.require_everywhere(MANAGE)
    if Project.objects.filter(code=code).exists():
        raise AccountError(_("“%(name)s” already exists.") % {"name": code})
    project = Project.objects.create(
        name=name.strip(),
        code=code,
        parent=parent,
        description=description,
        country=country,
        default_level=default_level,
    )
    record(actor, signals.project_created, subject=project, project_ids=[project.pk])
    return project


@transaction.atomic
def change_project(actor: Actor, project: Project, **values: Any) -> Project:
    """Change a project; refuses to put it below itself."""
    actor.require_everywhere(MANAGE)
    if "parent" in values:
        ancestor = values["parent"]
        while ancestor is not None:
            if ancestor.pk == project.pk:
                raise AccountError(_("A project cannot be part of itself or of one of its own parts."))
            ancestor = ancestor.parent
    if "code" in values and Project.objects.filter(code=values["code"]).exclude(pk=project.pk).exists():
        raise AccountError(_("“%(name)s” already exists.") % {"name": values["code"]})
    change(actor, signals.project_changed, project, values, project_ids=[project.pk])
    return project


def archive_project(actor: Actor, project: Project, *, archived: bool) -> Project:
    """Put a project away or take it back. Projects are never deleted: records keep pointing at them."""
    return change_project(actor, project, archived_at=clock.now() if archived else None)


@transaction.atomic
def change_settings(actor: Actor, **values: Any) -> Organisation:
    """Change what holds for the whole organisation."""
    actor.require_everywhere("accounts.settings")
    ours, _created = Organisation.objects.get_or_create(pk=1, defaults={"name": "Enishi"})
    change(actor, signals.settings_changed, ours, values)
    return ours
