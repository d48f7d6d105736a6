"""Whether the history is whole: its seals, and a check that recomputes all of them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.timeline import queries, services, words
from enishi.timeline.models import Check
from enishi.timeline.views.history import VIEW, places


@require_GET
@needs_everywhere(VIEW)
def proof(request: StaffRequest) -> HttpResponse:
    """The state of the proof and what the last check found."""
    state = queries.proof_state()
    context: dict[str, Any] = {"state": state, "views": places("proof"), **_broken(request, state.last_check)}
    return render(request, "timeline/proof.html", context)


def _broken(request: StaffRequest, check: Check | None) -> dict[str, Any]:
    if check is None or check.broken_entry is None:
        return {}
    entry = queries.entry(request.actor, check.broken_entry)
    return {"broken": words.told(request.actor, entry) if entry else None}


@require_POST
@needs_everywhere(VIEW)
def start(request: StaffRequest) -> HttpResponse:
    services.start_check(request.actor)
    return redirect("timeline:proof")


@require_GET
@needs_everywhere(VIEW)
def progress(request: StaffRequest, check_id: int) -> HttpResponse:
    """The bar while the check runs; the whole page is drawn anew when it ends."""
    try:
        check = queries.check(check_id)
    except Check.DoesNotExist:
        raise Http404 from None
    if check.finished_at is not None:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "timeline/check_progress.html", {"check": check})
