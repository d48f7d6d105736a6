"""The page of one contact: who they are, what was said, what is open."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.contacts import services
from enishi.contacts.models import Party
from enishi.contacts.queries.ties import ALL, ties
from enishi.contacts.views.answers import address_of, crumbs, party_or_404, record_context, section_answer
from enishi.core import registry
from enishi.search.services import visit

SECTIONS = ("people", "reach", "ties", "about", "fields", "consents", "ids")
WALK = "contacts.walk"
"""Session key: the page of the list that one came from (label, url, ids); J and K walk them."""
_SEARCH_KINDS = {Party.Kind.COMMUNITY: "group"}


@require_GET
def party(request: StaffRequest, party_id: int) -> HttpResponse:
    context = record_context(request, party_id)
    found: Party = context["party"]
    if found.merged_into is not None:
        return redirect("contacts:party", found.merged_into.pk)
    actor = request.actor
    if found.deleted_at is None:
        visit(actor, _SEARCH_KINDS.get(Party.Kind(found.kind), found.kind), found.pk)
    history = context["may"].history and request.GET.get("show") == "history"
    context |= {
        "history": history,
        "middle": [] if history else registry.panels("contacts.record.middle", actor, found),
        "end": registry.panels("contacts.record.end", actor, found),
        "facts": registry.panels("contacts.record.facts", actor, found),
        "menu": registry.panels("contacts.record.menu", actor, found),
        "notes": registry.panels("contacts.record.guards", actor, found),
        "walk": walk(request, found.pk),
        "crumbs": crumbs(),
        "merge_url": address_of("contacts:merge", found.pk),
    }
    return render(request, "contacts/record/page.html", context)


def walk(request: StaffRequest, party_id: int) -> dict[str, Any]:
    """The neighbours in the list that one came from."""
    told = request.session.get(WALK)
    if not isinstance(told, dict) or party_id not in (ids := told.get("ids") or []):
        return {}
    here = ids.index(party_id)
    return {
        "label": told.get("label", ""),
        "url": told.get("url", ""),
        "place": here + 1,
        "of": len(ids),
        "back": ids[here - 1] if here else None,
        "next": ids[here + 1] if here + 1 < len(ids) else None,
    }


@require_GET
def section(request: StaffRequest, party_id: int, section: str) -> HttpResponse:
    """One section of the facts as it stands: after cancelling a form, or with everything of it (``all``)."""
    if section not in SECTIONS:
        raise Http404
    if not request.htmx:
        return redirect("contacts:party", party_id)
    if section == "people" and request.GET.get("all"):
        found = party_or_404(request, party_id)
        every = ties(request.actor, found, limit=ALL)
        people = [tie for tie in every.shown if tie.belongs and tie.party.is_person]
        context = {"party": found, "people": people, "people_shown": ALL, "all": True}
        return render(request, "contacts/record/people.html", context)
    return section_answer(request, party_id, section)


@require_POST
def delete(request: StaffRequest, party_id: int) -> HttpResponse:
    found = party_or_404(request, party_id)
    services.delete_party(request.actor, found)
    words = _("“%(name)s” is in the recycle bin.") % {"name": found.full_name}
    messages.success(request, words, extra_tags=reverse("contacts:restore", args=[found.pk]))
    place = address_of("contacts:list") or reverse("contacts:bin")
    return HttpResponse(status=204, headers={"HX-Redirect": place}) if request.htmx else redirect(place)


@require_POST
def restore(request: StaffRequest, party_id: int) -> HttpResponse:
    found = party_or_404(request, party_id)
    try:
        services.restore_party(request.actor, found)
    except services.ContactError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(name)s” is back.") % {"name": found.full_name})
    page = reverse("contacts:party", args=[found.pk])
    return HttpResponse(status=204, headers={"HX-Redirect": page}) if request.htmx else redirect(page)
