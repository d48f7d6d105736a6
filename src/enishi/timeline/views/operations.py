"""The undo log: what was done at once, and how it is taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.access import Forbidden
from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.core.parameters import number
from enishi.timeline import queries, services, undo, words
from enishi.timeline.models import Operation
from enishi.timeline.views.history import VIEW, places

PAGE = 50
ENTRIES = 20


def _found(request: StaffRequest, operation_id: int) -> Operation:
    return found(queries.operation, request.actor, operation_id)


@require_GET
def operations(request: StaffRequest) -> HttpResponse:
    actor = request.actor
    actor.require(VIEW)
    before = number(request.GET.get("before"))
    found = list(queries.operations(actor, before=before)[: PAGE + 1])
    rows = [
        {"operation": o, "counts": undo.counted(o.kind, o.counts), "can": _can(request, o)}
        for o in found[:PAGE]
    ]
    last = found[PAGE - 1].pk if len(found) > PAGE else None
    context = {
        "rows": rows,
        "views": places("operations"),
        "next_url": f"?before={last}" if last else "",
        "back_url": request.path if before else "",
    }
    return render(request, "timeline/operations.html", context)


def _can(request: StaffRequest, operation: Operation) -> bool:
    try:
        services.undoer_for(request.actor, operation)
    except (undo.UndoRefused, Forbidden):
        return False
    return True


@require_GET
def operation(request: StaffRequest, operation_id: int) -> HttpResponse:
    """One operation: what it did, and what undoing it would do."""
    found = _found(request, operation_id)
    context: dict[str, Any] = {
        "operation": found,
        "counts": undo.counted(found.kind, found.counts),
        "entries": [words.told(request.actor, e) for e in queries.entries_of(request.actor, found)[:ENTRIES]],
        "views": places("operations"),
        "crumbs": [{"label": _("Undo log"), "url": reverse("timeline:operations")}],
    }
    try:
        undoer = services.undoer_for(request.actor, found)
        plan = undoer.preview(request.actor, found)
        context |= {"plan": plan, "plan_counts": undo.counted(found.kind, plan.counts)}
    except undo.UndoRefused as refused:
        context["refused"] = str(refused)
    except Forbidden:
        context["refused"] = _("You may see this, and undoing it needs another right.")
    return render(request, "timeline/operation.html", context)


@require_POST
def undo_one(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Take an operation back. What was edited since stays, unless the form says ``back`` for that conflict."""
    found = _found(request, operation_id)
    keep = None
    if "decided" in request.POST:
        keep = [
            key for key in request.POST.getlist("conflict") if request.POST.get(f"choice-{key}") != "back"
        ]
    try:
        done = services.undo_operation(request.actor, found.pk, keep=keep)
    except undo.UndoRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            _("“%(label)s” is undone.") % {"label": found.label}
            if done
            else _("“%(label)s” is being undone. You will be told when it is done.") % {"label": found.label},
        )
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("timeline:operation", found.pk)
