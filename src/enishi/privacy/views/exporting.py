"""Everything about one person: asked for, prepared by a job, fetched as one file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enishi.accounts.answers import found
from enishi.accounts.models import LANGUAGES
from enishi.accounts.requests import StaffRequest
from enishi.contacts.models import Party
from enishi.privacy import queries, services
from enishi.privacy.models import Export
from enishi.privacy.services.exporting import KEPT_DAYS, RIGHT


def party_or_404(request: StaffRequest, party_id: int) -> Party:
    return found(queries.party, request.actor, party_id)


def crumbs(party: Party) -> list[dict[str, Any]]:
    return [
        {"label": _("Contacts"), "url": reverse("contacts:list")},
        {"label": party.full_name, "url": reverse("contacts:party", args=[party.pk])},
    ]


@require_http_methods(["GET", "POST"])
def prepare(request: StaffRequest, party_id: int) -> HttpResponse:
    """What would be given out, in which language, and what was prepared before."""
    party = party_or_404(request, party_id)
    request.actor.require(RIGHT, party.project_ids)
    if party.erased_at is not None:
        raise Http404
    if request.method == "POST":
        try:
            started = services.start_export(
                request.actor, party, language=request.POST.get("language", request.actor.language)
            )
        except services.ExportRefused as refused:
            messages.error(request, str(refused))
            return redirect("contacts:party", party.pk)
        return redirect("privacy:export", started.pk)
    known = dict(LANGUAGES)
    context = {
        "party": party,
        "languages": LANGUAGES,
        "chosen": party.language if party.language in known else request.actor.language,
        "exports": queries.exports(request.actor, party),
        "crumbs": crumbs(party),
        "days": KEPT_DAYS,
    }
    return render(request, "privacy/prepare.html", context)


def _found(request: StaffRequest, export_id: int) -> Export:
    return found(queries.export, request.actor, export_id)


@require_GET
def show(request: StaffRequest, export_id: int) -> HttpResponse:
    """How far it is; when it is ready, the file."""
    request.actor.require(RIGHT)
    found = _found(request, export_id)
    if request.htmx and found.state != Export.State.RUNNING:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    template = "privacy/export_progress.html" if request.htmx else "privacy/export.html"
    context = {"export": found, "party": found.party, "crumbs": crumbs(found.party), "rows": found.counts}
    return render(request, template, context)


@require_GET
def fetch(request: StaffRequest, export_id: int) -> HttpResponseBase:
    request.actor.require(RIGHT)
    found = _found(request, export_id)
    stream = queries.export_file(found)
    if stream is None:
        raise Http404
    name = f"person-{found.party_id}-{found.created_at:%Y-%m-%d}.zip"
    answer = FileResponse(stream, as_attachment=True, filename=name, content_type="application/zip")
    answer["Cache-Control"] = "no-store"
    return answer
