"""The recycle bin: contacts that were taken off lists and search, and can come back."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enishi.accounts.requests import StaffRequest
from enishi.contacts import queries
from enishi.contacts.views.answers import crumbs
from enishi.core.parameters import number

PAGE = 50
DELETE = "contacts.delete"


@require_GET
def recycle_bin(request: StaffRequest) -> HttpResponse:
    request.actor.require(DELETE)
    after = number(request.GET.get("before"))
    found = list(queries.recycle_bin(request.actor, after=after)[: PAGE + 1])
    last = found[PAGE - 1].pk if len(found) > PAGE else None
    context = {
        "parties": [{"party": one, "may": request.actor.may(DELETE, one)} for one in found[:PAGE]],
        "next_url": f"?before={last}" if last else "",
        "back_url": request.path if after else "",
        "crumbs": crumbs(),
    }
    return render(request, "contacts/bin/page.html", context)
