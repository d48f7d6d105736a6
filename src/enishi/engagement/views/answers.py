"""What the pages of stakeholders share: finding the project, the tabs above, the answer to an action."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from enishi.accounts import answers
from enishi.accounts import queries as accounts
from enishi.accounts.answers import found, refused, way_back
from enishi.accounts.models import Project
from enishi.accounts.requests import StaffRequest
from enishi.core import registry
from enishi.engagement import queries
from enishi.engagement.services.rules import VIEW

__all__ = ("done", "page", "project_or_404", "refused", "stakeholder_or_404", "way_back")


def project_or_404(request: StaffRequest, project_id: int) -> Project:
    """A project that the reader may see; the right to see its stakeholders may still be missing (403)."""
    project = found(accounts.project, request.actor, project_id)
    request.actor.require(VIEW, project.pk)
    return project


def stakeholder_or_404(request: StaffRequest, project: Project, party_id: int) -> Any:
    return found(queries.stakeholder, request.actor, project.pk, party_id)


def page(request: StaffRequest, project: Project, here: str) -> dict[str, Any]:
    """What every page of a project needs: the project and its tabs."""
    tabs = registry.project_tabs(request.actor, project, here)
    return {"project": project, "tabs": tabs, "here": request.get_full_path()}


def done(request: StaffRequest, words: str, *, undo: int | None = None, after: str) -> HttpResponse:
    """What happened, with the way to take back the operation ``undo``."""
    undo_url = reverse("engagement:undo", args=[undo]) if undo else ""
    return answers.done(request, words, after=after, undo_url=undo_url)
