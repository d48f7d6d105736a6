"""The page for work without a network, its service worker, and what it asks for when there is a network."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.contrib.staticfiles import finders
from django.http import Http404, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.access import Actor
from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.contacts.queries.filters import FilterError
from enishi.conversations.models import Interaction
from enishi.fieldwork import queries, services

PAGES = {"conversations.interaction": "conversations:interaction", "contacts.party": "contacts:party"}


@require_GET
@never_cache
def page(request: StaffRequest) -> HttpResponse:
    """One page for the office and the field: the browser keeps it, with whom was taken along."""
    request.actor.require_some(queries.LOG)
    projects, views = queries.choices(request.actor)
    context = {
        "offered": projects,
        "views": views,
        "channels": [(code, Interaction.Channel(code).label) for code in queries.CHANNELS],
        "days": queries.DAYS,
        "most": queries.MOST_PEOPLE,
        "most_files": services.MOST_FILES,
        "most_bytes": services.most_bytes(),
    }
    return render(request, "fieldwork/page.html", context)


@functools.cache
def _script() -> bytes:
    return Path(finders.find("dist/field-worker.js") or "").read_bytes()


@require_GET
@never_cache
def worker(request: StaffRequest) -> HttpResponse:
    """The service worker; from here it reaches the pages of the field and no others."""
    return HttpResponse(_script(), content_type="text/javascript")


@require_GET
@never_cache
def manifest(request: StaffRequest) -> HttpResponse:
    """What makes the page an app on the home screen."""
    address = reverse("fieldwork:page")
    about = {
        "id": address,
        "name": f"Enishi: {_('In the field')}",
        "short_name": "Enishi",
        "start_url": address,
        "scope": address,
        "display": "standalone",
        "lang": get_language(),
        "dir": "auto",
        "icons": [{"src": static("dist/mark.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return JsonResponse(about, content_type="application/manifest+json")


@require_GET
@never_cache
def state(request: StaffRequest) -> HttpResponse:
    """Who is signed in, and what a form of theirs has to carry: the page may be days old."""
    request.actor.require_some(queries.LOG)
    return JsonResponse({"user": request.actor.own_id, "token": get_token(request)})


@require_POST
@never_cache
def take(request: StaffRequest) -> HttpResponse:
    """Whom the phone takes along, read anew with the rights of now."""
    actor = request.actor
    chosen = found(queries.choice, actor, request.POST.get("of", ""))
    try:
        taken, until = services.take_along(
            actor,
            chosen,
            language=get_language() or "en",
            signed_in_until=request.session.get_expiry_date(),
            again="again" in request.POST,
        )
    except FilterError:
        raise Http404 from None
    told: dict[str, Any] = {
        "of": chosen.code,
        "name": chosen.name,
        "until": until,
        "people": taken.people,
        "projects": taken.projects,
        "left": taken.left,
        "sealed": taken.sealed,
    }
    return JsonResponse(told)


@require_POST
@never_cache
def send(request: StaffRequest) -> HttpResponse:
    """Keep one entry of a phone; the answer says what became of it."""
    try:
        entry = services.read_entry(request.body)
    except ValueError:
        return JsonResponse(
            {"state": "refused", "why": _("This entry cannot be read. Copy its text, then delete it.")},
            status=400,
        )
    try:
        kept = services.receive(request.actor, entry)
    except services.Clashing as clashing:
        fields = [
            {"name": one.name, "label": str(one.label), "mine": one.mine, "theirs": one.theirs}
            for one in clashing.clashes
        ]
        return JsonResponse({"state": "conflict", "fields": fields}, status=409)
    except services.Refused as refused:
        return JsonResponse({"state": "refused", "why": str(refused)}, status=refused.status)
    return JsonResponse({"state": "kept", "again": kept.again, "url": _address(kept)})


@require_POST
@never_cache
def ask(request: StaffRequest) -> HttpResponse:
    """Whether the bytes of a file are wanted, had already, or refused: before they are sent over a weak line."""
    return _about_file(request, request.body, services.wanted)


@require_POST
@never_cache
def enclose(request: StaffRequest) -> HttpResponse:
    """Keep one file: what it is says a header, its bytes are the body, and nothing is read that would be refused."""
    told = unquote(request.headers.get("X-Field-File", ""))
    return _about_file(
        request, told, functools.partial(services.enclose, source=request, length=_length(request))
    )


def _length(request: StaffRequest) -> int:
    told = request.headers.get("Content-Length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else 0


def _about_file(
    request: StaffRequest, told: str | bytes, do: Callable[[Actor, services.Enclosed], services.Kept | None]
) -> HttpResponse:
    try:
        kept = do(request.actor, services.read_enclosed(told))
    except (ValueError, services.Broken):
        return JsonResponse({"state": "broken"}, status=400)
    except services.Refused as refused:
        return JsonResponse({"state": "refused", "why": str(refused)}, status=refused.status)
    return JsonResponse({"state": "kept", "again": kept.again} if kept else {"state": "wanted"})


def _address(kept: services.Kept) -> str:
    return reverse(PAGES[kept.subject_type], args=[kept.subject_id])
