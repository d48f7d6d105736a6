"""Changing many contacts: choose what, see what would happen, do it; undo stands in the toast and in the undo log."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.contacts.forms.bulk import read_selection, read_value, repeated
from enishi.contacts.models import Field
from enishi.contacts.services import ContactError, bulk
from enishi.contacts.views.lists import state_of
from enishi.timeline import queries as timeline
from enishi.timeline.models import Operation


@require_POST
def change(request: StaffRequest) -> HttpResponseBase:
    """Every step posts what was said so far and gets the next one; ``apply`` does it."""
    actor = request.actor
    actor.require(bulk.BULK)
    state, code = state_of(request, request.POST), request.POST.get("code", "")
    context: dict[str, Any] = {
        "hidden": [*state.params().items(), *repeated(request.POST)],
        "list_url": state.url(),
        "code": code,
    }
    try:
        selection = read_selection(request.POST, state)
        value = read_value(request.POST)
        if not code:
            return _page(request, "choose", {**context, "things": bulk.editable(actor)})
        if value is None:
            return _page(request, "value", {**context, **_asked(request, code)})
        if "apply" in request.POST:
            operation = bulk.apply(actor, selection, code=code, value=value)
            return _done(request, operation, back=state.url())
        planned = bulk.preview(actor, selection, code=code, value=value)
    except ContactError as error:
        context |= {"problem": str(error), **(_asked(request, code) if code and code != "delete" else {})}
        return _page(request, "value" if "choices" in context else "problem", context, status=422)
    values = value if isinstance(value, list) else [value]
    return _page(request, "preview", {**context, "planned": planned, "values": values})


def _asked(request: StaffRequest, code: str) -> dict[str, Any]:
    """What the step that asks for the value needs; a code that nobody offers asks for nothing."""
    labels = dict(bulk.editable(request.actor))
    if code not in labels:
        return {}
    several, kind = False, ""
    if code.startswith("field:"):
        field = bulk.own_field(request.actor, code)
        several, kind = field.kind == Field.Kind.CHOICES, field.kind
    return {
        "label": labels[code],
        "choices": bulk.choices(request.actor, code),
        "several": several,
        "kind": kind,
        "typed": request.POST.getlist("value"),
    }


def _page(request: StaffRequest, step: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    template = "contacts/bulk/sheet.html" if request.htmx else "contacts/bulk/page.html"
    return render(request, template, {**context, "step": f"contacts/bulk/{step}.html"}, status=status)


def _done(request: StaffRequest, operation: Operation, *, back: str) -> HttpResponseBase:
    if operation.state == Operation.State.RUNNING:
        url = reverse("contacts:bulk_progress", args=[operation.pk])
    else:
        number = operation.counts.get("changed", 0)
        words = ngettext("%(n)s contact changed.", "%(n)s contacts changed.", number) % {"n": number}
        messages.success(request, words, extra_tags=reverse("timeline:undo", args=[operation.pk]))
        url = back
    return HttpResponse(status=204, headers={"HX-Redirect": url}) if request.htmx else redirect(url)


@require_GET
def progress(request: StaffRequest, operation_id: int) -> HttpResponse:
    """How far a large change is; may be left and come back to."""
    try:
        operation = timeline.operation(request.actor, operation_id)
    except Operation.DoesNotExist:
        raise Http404 from None
    if operation.kind != bulk.KIND:
        raise Http404
    states = {Operation.State.RUNNING: "running", Operation.State.FAILED: "failed"}
    context = {
        "operation": operation,
        "done": operation.counts.get("changed", 0),
        "of": max(operation.data["total"], operation.counts.get("changed", 0)),
        "state": states.get(Operation.State(operation.state), "done"),
        "title": _("Many contacts at once"),
    }
    template = "contacts/bulk/progress.html" if request.htmx else "contacts/bulk/progress_page.html"
    return render(request, template, context)
