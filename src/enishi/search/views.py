"""The palette and the page of results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.core import registry
from enishi.core.parameters import words
from enishi.search import queries, services
from enishi.search.models import Kind
from enishi.search.pages import PAGES


@dataclass(frozen=True)
class Shown:
    hit: queries.Hit
    url: str
    icon: str


def _shown(hits: Iterable[queries.Hit]) -> list[Shown]:
    shown = []
    for hit in hits:
        name, icon = PAGES[Kind(hit.kind)]
        shown.append(Shown(hit, reverse(name, args=[hit.subject_id]), icon))
    return shown


def _groups(hits: list[queries.Hit]) -> list[dict[str, Any]]:
    """Hits by kind, each kind where its best hit stands."""
    groups: dict[str, list[Shown]] = {}
    for item in _shown(hits):
        groups.setdefault(item.hit.kind, []).append(item)
    return [{"label": Kind(kind).label, "items": items} for kind, items in groups.items()]


def _places(request: HttpRequest, query: str) -> list[dict[str, Any]]:
    """Places of the navigation whose name begins with what was typed."""
    actor = request.actor  # type: ignore[attr-defined]
    found = []
    for entry in registry.menu():
        if entry.open_to(actor) and str(entry.label).lower().startswith(query.lower()):
            try:
                found.append({"label": entry.label, "url": reverse(entry.url_name), "icon": entry.icon})
            except NoReverseMatch:
                continue
    return found


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """Options for the palette while one types; recent and pinned ones before."""
    actor, query = request.actor, words(request.GET.get("q"))  # type: ignore[attr-defined]
    context: dict[str, Any] = {"query": query}
    if query:
        context["groups"] = _groups(queries.find(actor, query, limit=12))
        context["places"] = _places(request, query)
    else:
        context["groups"] = [{"label": _("Recent and pinned"), "items": _shown(queries.recent(actor))}]
    return render(request, "search/suggest.html", context)


@require_GET
def results(request: HttpRequest) -> HttpResponse:
    """Everything that matches, by kind."""
    actor, query = request.actor, words(request.GET.get("q"))  # type: ignore[attr-defined]
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in Kind.values else []
    hits = queries.find(actor, query, kinds=kinds, limit=100) if query else []
    tabs = [
        {"label": label, "url": f"?{urlencode({'q': query, 'kind': value})}", "current": value == kind}
        for value, label in [("", _("Everything")), *Kind.choices]
    ]
    return render(
        request,
        "search/results.html",
        {"query": query, "groups": _groups(hits), "tabs": tabs, "capped": len(hits) == 100},
    )


@require_POST
def pin(request: HttpRequest, kind: str, subject_id: int) -> HttpResponse:
    """Keep a record at the top of the palette, or let it go."""
    actor = request.actor  # type: ignore[attr-defined]
    if kind not in Kind.values or not queries.may_read(actor, kind, subject_id):
        raise Http404
    services.pin(actor, kind, subject_id, pinned=request.POST.get("pinned") == "1")
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
