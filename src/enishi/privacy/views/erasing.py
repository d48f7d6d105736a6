"""Erasing a person: what would happen, the question, how it went; who must be kept; who is not to be added again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.requests import StaffRequest
from enishi.core.parameters import number
from enishi.privacy import queries, services
from enishi.privacy.models import Erasure, Hold
from enishi.privacy.services.erasing import RIGHT
from enishi.privacy.views.exporting import crumbs, party_or_404

PAGE = 50


@require_http_methods(["GET", "POST"])
def erase(request: StaffRequest, party_id: int) -> HttpResponse:
    """What goes, what stays and what stands against it; the same address does it."""
    party = party_or_404(request, party_id)
    for project_id in party.project_ids:
        request.actor.require(RIGHT, project_id)
    found = queries.erasure_of(request.actor, party)
    if found is not None:
        return redirect("privacy:erasure", found.pk)
    problem = ""
    if request.method == "POST":
        try:
            if "sure" not in request.POST:
                raise services.ErasureRefused(_("Tick that you know that this cannot be taken back."))
            started = services.start_erasure(
                request.actor,
                party,
                ground=request.POST.get("ground", ""),
                reason=request.POST.get("reason", ""),
                block="block" in request.POST,
            )
        except services.ErasureRefused as refused:
            problem = str(refused)
        else:
            return redirect("privacy:erasure", started.pk)
    context: dict[str, Any] = {
        "party": party,
        "preview": services.preview(request.actor, party),
        "holds": queries.holds(request.actor, party),
        "grounds": Erasure.Ground.choices,
        "given": request.POST,
        "problem": problem,
        "crumbs": crumbs(party),
    }
    return render(request, "privacy/erase.html", context, status=422 if problem else 200)


@require_POST
def hold(request: StaffRequest, party_id: int) -> HttpResponse:
    """Keep somebody from being erased, or let it be again (``end``)."""
    party = party_or_404(request, party_id)
    ending = number(request.POST.get("end"))
    try:
        if ending is not None:
            services.end_hold(request.actor, party, ending)
        else:
            services.set_hold(request.actor, party, reason=request.POST.get("reason", ""))
    except Hold.DoesNotExist:
        raise Http404 from None
    except services.ErasureRefused as refused:
        messages.error(request, str(refused))
    return redirect("privacy:erase", party.pk)


@require_GET
def erasure(request: StaffRequest, erasure_id: int) -> HttpResponse:
    """How an erasure goes, or what it did."""
    request.actor.require(RIGHT)
    try:
        found = queries.erasure(request.actor, erasure_id)
    except Erasure.DoesNotExist:
        raise Http404 from None
    if request.htmx:
        over = found.state != Erasure.State.RUNNING
        if over:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return render(request, "privacy/erasure_progress.html", {"erasure": found})
    context = {"erasure": found, "crumbs": [{"label": _("Privacy"), "url": reverse("privacy:setup")}]}
    return render(request, "privacy/erasure.html", context)


@require_http_methods(["GET", "POST"])
def setup(request: StaffRequest) -> HttpResponse:
    """Who was erased; an address that may be added again."""
    actor = request.actor
    actor.require(RIGHT)
    typed = request.POST.get("address", "").strip()[:320]
    problem = ""
    if request.method == "POST":
        try:
            services.lift_block(actor, typed, country=accounts.organisation().country)
        except services.NotBlocked as refused:
            problem = str(refused)
        else:
            messages.success(request, _("The address may be added again."))
            return redirect("privacy:setup")
    before = number(request.GET.get("before"))
    found = list(queries.erasures(actor, before=before)[: PAGE + 1])
    context = {
        "erasures": found[:PAGE],
        "next_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "back_url": request.path if before else "",
        "blocked": queries.blocked_count(),
        "may_lift": actor.may_everywhere(RIGHT),
        "typed": typed,
        "problem": problem,
    }
    return render(request, "privacy/setup.html", context, status=422 if problem else 200)
