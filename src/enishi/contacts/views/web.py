"""The relations of one party as a drawing and in words."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from enishi.accounts.requests import StaffRequest
from enishi.contacts.queries import tree
from enishi.contacts.queries.web import web
from enishi.contacts.views.answers import crumbs, party_or_404


@require_GET
def relations(request: StaffRequest, party_id: int) -> HttpResponse:
    """Who is tied to whom, up to two steps away, as far as the reader may see them."""
    party = party_or_404(request, party_id)
    node = tree.Node("and", (tree.Leaf("related_to", "is", [str(party.pk)]),))
    here = {"label": party.full_name, "url": reverse("contacts:party", args=[party.pk])}
    context = {
        "party": party,
        "web": web(request.actor, party),
        "crumbs": [*crumbs(), here],
        "all_url": f"{reverse('contacts:list')}?{urlencode({'f': tree.encode(node)})}",
    }
    return render(request, "contacts/record/web.html", context)
