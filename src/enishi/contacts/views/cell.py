"""One cell of the contact list, edited where it stands."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enishi.accounts.requests import StaffRequest
from enishi.contacts import services
from enishi.contacts.models import Party
from enishi.contacts.queries.columns import Row
from enishi.contacts.services import bulk
from enishi.contacts.views import cells
from enishi.contacts.views.answers import EDIT, editable, undo_address


@require_http_methods(["GET", "POST"])
def cell(request: StaffRequest, party_id: int, code: str) -> HttpResponseBase:
    """GET: the cell with its choices, or (``as=shown``) as it stands. POST: save the choice, show the cell."""
    if code not in cells.EDITABLE:
        raise Http404
    party = editable(request, party_id)
    if request.method == "POST":
        chosen = request.POST.get("value", "")
        if chosen not in dict(bulk.choices(request.actor, code)):
            return _form(request, party, code, problem=_("Choose one of the list."))
        before = party.version
        values: dict[str, Any] = {code: chosen}
        if code == "owner":
            values = {"owner_id": int(chosen) if chosen else None}
        party = services.change_party(request.actor, party, **values)
        if not request.htmx:
            return redirect("contacts:list")
        answer = _shown(request, party, code, saved=True)
        if party.version != before:
            words = _("%(name)s: saved.") % {"name": party.full_name}
            toast = {"text": words, "undo_url": undo_address(request, party)}
            answer["HX-Trigger"] = json.dumps({"toast": toast})
        return answer
    return _shown(request, party, code) if request.GET.get("as") == "shown" else _form(request, party, code)


def _shown(request: StaffRequest, party: Party, code: str, *, saved: bool = False) -> HttpResponse:
    may = request.actor.may(EDIT, party)
    context = {"html": cells.Rows(request.actor, [code]).cell(Row(party), code, may=may), "saved": saved}
    return render(request, "contacts/list/cell.html", context)


def _form(request: StaffRequest, party: Party, code: str, *, problem: str = "") -> HttpResponse:
    current = (str(party.owner_id) if party.owner_id else "") if code == "owner" else party.status
    context = {
        "party": party,
        "code": code,
        "label": bulk.LABELS[code],
        "choices": [(value, label, value == current) for value, label in bulk.choices(request.actor, code)],
        "url": reverse("contacts:cell", args=[party.pk, code]),
        "problem": problem,
    }
    template = "contacts/list/cell_edit.html" if request.htmx else "contacts/list/cell_page.html"
    return render(request, template, context, status=422 if problem else 200)
