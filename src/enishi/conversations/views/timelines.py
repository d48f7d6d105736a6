"""The story of a person or organisation: tabs, filters, one page after the other."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enishi.contacts.queries import party_or_none
from enishi.conversations import queries
from enishi.conversations.storyline import story, view_from
from enishi.conversations.views.lookup import actor_of
from enishi.core.parameters import moment_and_id
from enishi.timeline.queries import Position


@require_GET
def timeline(request: HttpRequest, party_id: int) -> HttpResponse:
    """A page of a timeline: for htmx the part that was asked for, else a page of its own."""
    actor = actor_of(request)
    actor.require("contacts.view")
    party = party_or_none(actor, party_id)
    if party is None or party.deleted_at is not None:
        raise Http404
    after = moment_and_id(request.GET.get("after"))
    view = view_from(request.GET)
    shown = queries.party_timeline(actor, party, view, after=Position(*after) if after else None)
    context = story(actor, party, view, shown)
    if after and request.htmx:  # type: ignore[attr-defined]
        return render(request, "conversations/timeline_items.html", context)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "conversations/timeline.html", context)
    return render(request, "conversations/timeline_page.html", context)
