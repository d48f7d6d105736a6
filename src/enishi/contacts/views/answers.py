"""What the pages of one contact share: finding it, its page's context, and answers to forms that save."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.contacts import queries
from enishi.contacts.models import Party
from enishi.contacts.queries import naming
from enishi.contacts.queries import record as records
from enishi.contacts.services import undo
from enishi.contacts.views.shown import language, page_parts

EDIT = "contacts.edit"


@dataclass(frozen=True)
class Allowed:
    """What the reader may do with this party."""

    edit: bool
    delete: bool
    merge: bool
    history: bool


def party_or_404(request: StaffRequest, party_id: int) -> Party:
    return found(queries.party, request.actor, party_id)


def editable(request: StaffRequest, party_id: int) -> Party:
    """A party that this user may change; one in the recycle bin has to be restored first."""
    party = party_or_404(request, party_id)
    request.actor.require(EDIT, party)
    if party.deleted_at is not None:
        raise Http404
    return party


def country() -> str:
    """The country by which numbers and postcodes without one are read."""
    return accounts.organisation().country


def address_of(name: str, *args: Any) -> str:
    """The address of a page that another part may bring, or nothing."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def crumbs() -> list[dict[str, Any]]:
    place = address_of("contacts:list")
    return [{"label": _("Contacts"), "url": place}] if place else []


def record_context(request: StaffRequest, party_id: int) -> dict[str, Any]:
    """Everything that the facts of a party need; 404 out of sight."""
    try:
        found = records.record(request.actor, party_id, language=language())
    except Party.DoesNotExist:
        raise Http404 from None
    return {"record": found, "party": found.party, "may": allowed(request, found.party), **page_parts(found)}


def allowed(request: StaffRequest, party: Party) -> Allowed:
    actor, ids, here = request.actor, party.project_ids, party.deleted_at is None
    return Allowed(
        edit=here and actor.may(EDIT, party),
        delete=party.erased_at is None and actor.may("contacts.delete", party),
        merge=here and actor.may("contacts.merge", ids),
        history=actor.may("timeline.view", ids),
    )


def undo_address(request: StaffRequest, party: Party) -> str:
    """Where Undo posts for what this user just did to a party; nothing when that cannot be taken back."""
    if not request.actor.may(EDIT, party):
        return ""
    entry = records.last_change(request.actor, party)
    if entry is None or entry.event not in undo.UNDOABLE:
        return ""
    return reverse("contacts:undo_change", args=[party.pk, entry.pk])


def form_answer(
    request: StaffRequest,
    party: Party,
    part: str,
    context: dict[str, Any],
    *,
    section: str,
    title: str,
    sheet: bool,
) -> HttpResponse:
    """A form in its place: in the column, in the sheet, or as a page of its own without script."""
    bound = context["form"].is_bound and (context["form"].errors or getattr(context["form"], "clashes", None))
    context |= {
        "party": party,
        "part": part,
        "section": section,
        "title": title,
        "target": "sheet" if sheet else f"facts-{section}",
        "in_sheet": sheet,
        "action": request.path,
        "crumbs": crumbs(),
        "name": naming.shown_name(party, language()),
    }
    shell = "sheet" if sheet else "inline"
    template = f"contacts/edit/{shell if request.htmx else 'page'}.html"
    return render(request, template, context, status=422 if bound else 200)


def saved_answer(
    request: StaffRequest, party: Party, *, section: str, sheet: bool, words: str = ""
) -> HttpResponse:
    """After saving: the section as it stands now, with a toast and its Undo; the whole page where its head changed."""
    words = words or _("Saved.")
    if queries.party_or_none(request.actor, party.pk) is None:
        return _out_of_reach(request, words)
    undo_url = undo_address(request, party)
    if not request.htmx or sheet:
        messages.success(request, words, extra_tags=undo_url)
        page = reverse("contacts:party", args=[party.pk])
        return HttpResponse(status=204, headers={"HX-Redirect": page}) if request.htmx else redirect(page)
    answer = section_answer(request, party.pk, section)
    answer["HX-Trigger"] = json.dumps(
        {"toast": {"text": words, **({"undo_url": undo_url} if undo_url else {})}}
    )
    return answer


def _out_of_reach(request: StaffRequest, words: str) -> HttpResponse:
    """After handing a contact on to somebody whose contacts one does not reach: its page is there no more."""
    messages.success(request, words)
    page = reverse("contacts:list")
    return HttpResponse(status=204, headers={"HX-Redirect": page}) if request.htmx else redirect(page)


def section_answer(request: StaffRequest, party_id: int, section: str) -> HttpResponse:
    """One section of the facts as it stands now."""
    return render(request, f"contacts/record/{section}.html", record_context(request, party_id))
