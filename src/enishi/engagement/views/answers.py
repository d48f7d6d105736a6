"""What the pages of stakeholders share: finding the project, the tabs above, the answer to an action."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from enishi.accounts import queries as accounts
from enishi.accounts.models import Project
from enishi.accounts.requests import StaffRequest
from enishi.core import registry
from enishi.engagement import queries
from enishi.engagement.services.rules import VIEW


def project_or_404(request: StaffRequest, project_id: int) -> Project:
    """A project that the reader may see; the right to see its stakeholders may still be missing (403)."""
    try:
        found = accounts.project(request.actor, project_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    request.actor.require(VIEW, found.pk)
    return found


def stakeholder_or_404(request: StaffRequest, project: Project, party_id: int) -> Any:
    try:
        return queries.stakeholder(request.actor, project.pk, party_id)
    except ObjectDoesNotExist:
        raise Http404 from None


def page(request: StaffRequest, project: Project, here: str) -> dict[str, Any]:
    """What every page of a project needs: the project and its tabs."""
    tabs = registry.project_tabs(request.actor, project, here)
    return {"project": project, "tabs": tabs, "here": request.get_full_path()}


def way_back(request: StaffRequest, otherwise: str) -> str:
    """Where an action was asked from."""
    after = request.POST.get("next") or request.GET.get("next") or ""
    return after if url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}) else otherwise


def done(request: StaffRequest, words: str, *, undo: int | None = None, after: str) -> HttpResponse:
    """Say what happened, offer to take it back, and draw the page anew on which it was asked."""
    undo_url = reverse("engagement:undo", args=[undo]) if undo else ""
    if not request.htmx:
        messages.success(request, words, extra_tags=undo_url)
        return redirect(after)
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps({"toast": {"text": words, "undo_url": undo_url}, "close-sheet": True})
    answer["HX-Location"] = json.dumps(
        {"path": after, "target": "#main", "select": "#main", "swap": "outerHTML", "push": "false"}
    )
    return answer


def refused(request: StaffRequest, words: str, *, after: str) -> HttpResponse:
    """Say why not, where no form stands that could say it."""
    if not request.htmx:
        messages.error(request, words)
        return redirect(after)
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps({"toast": {"text": words, "kind": "error"}})
    return answer
