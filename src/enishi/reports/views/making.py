"""Making a report: which one, about what, how many rows it would have and the first of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enishi.accounts.answers import shell_project
from enishi.accounts.requests import StaffRequest
from enishi.core import clock
from enishi.core.documents import shown
from enishi.reports import queries, services
from enishi.reports.definitions import KIND
from enishi.reports.forms import ReportForm
from enishi.reports.framing import Definition

MAKE = "reports.make"


def crumbs(*further: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"label": _("Reports"), "url": reverse("reports:list")},
        *({"label": label, "url": url} for label, url in further),
    ]


def tabs(here: str) -> list[dict[str, object]]:
    """What was made, and what makes itself."""
    listed = (
        ("made", _("Reports"), "reports:list"),
        ("scheduled", _("Sent by themselves"), "reports:schedules"),
    )
    return [{"label": label, "url": reverse(name), "current": code == here} for code, label, name in listed]


@require_GET
def choose(request: StaffRequest) -> HttpResponse:
    """The kinds of reports."""
    request.actor.require(MAKE)
    open_to = [one for one in KIND.all() if all(map(request.actor.may, one.needs))]
    return render(request, "reports/choose.html", {"definitions": open_to, "crumbs": crumbs()})


def _definition_or_404(request: StaffRequest, code: str) -> Definition:
    try:
        definition = KIND.get(code)
    except KeyError:
        raise Http404 from None
    request.actor.require(MAKE)
    for right in definition.needs:
        request.actor.require(right)
    return definition


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest, code: str) -> HttpResponse:
    """Choose the filters, look at what the report would hold, and make it."""
    definition = _definition_or_404(request, code)
    today = timezone.localdate(clock.now())
    usual = {
        "project": shell_project(request) or "",
        "since": today - dt.timedelta(days=definition.days),
        "until": today,
        "language": request.user.language,
    }
    asked = request.POST if request.method == "POST" else request.GET or None
    form = ReportForm(request.actor, definition, asked, initial=usual)
    context: dict[str, Any] = {
        "form": form,
        "definition": definition,
        "crumbs": crumbs((_("New report"), reverse("reports:choose"))),
    }
    if form.is_bound and form.is_valid():
        choice, language = form.choice(today), form.cleaned_data["language"]
        try:
            if request.method == "POST":
                report = services.make_report(
                    request.actor,
                    definition=code,
                    choice=choice,
                    language=language,
                    zone=request.user.time_zone,
                )
                if report.is_frozen:
                    messages.success(request, _("Report frozen."))
                return redirect("reports:report", report.pk)
            context["preview"] = _preview(request, definition, choice)
        except queries.ReportError as error:
            form.refuse(error)
    part = request.htmx and request.method == "GET"
    template = "reports/_preview.html" if part else "reports/new.html"
    return render(request, template, context, status=422 if form.errors and request.method == "POST" else 200)


def _preview(request: StaffRequest, definition: Definition, choice: queries.Choice) -> dict[str, Any]:
    """In the reader's language, whatever language the report will be in."""
    frame = queries.frame_of(
        request.actor, definition, choice, language=request.user.language, zone=request.user.time_zone
    )
    found = queries.preview(definition, frame)
    return {
        "count": found.count,
        "columns": found.columns,
        "rows": [[shown(cell, frame.language, frame.zone) for cell in row] for row in found.rows],
        "more": found.count - len(found.rows),
        "long": found.count > services.AT_ONCE,
    }
