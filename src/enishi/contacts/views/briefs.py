"""The brief: one page about somebody, or about several, before a meeting or a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from enishi.accounts.models import LANGUAGES
from enishi.accounts.requests import StaffRequest
from enishi.contacts.queries.briefs import briefs, occasion
from enishi.contacts.views.answers import crumbs
from enishi.core import clock
from enishi.core.parameters import numbers


@require_GET
def brief(request: StaffRequest, party_id: int) -> HttpResponse:
    """About one contact."""
    return _answer(request, [party_id], crumbs=crumbs())


@require_GET
def together(request: StaffRequest) -> HttpResponse:
    """About several contacts, one sheet each: ``who``, or all of the occasion that ``for`` names; unseen ones are left out."""
    if code := request.GET.get("for", ""):
        found = occasion(request.actor, code)
        if found is None:
            raise Http404
        return _answer(request, found.party_ids, occasion=found)
    given = request.GET.getlist("who")
    return _answer(request, numbers(given))


def _answer(request: StaffRequest, party_ids: Sequence[int], **more: Any) -> HttpResponse:
    """The sheets in the language that was asked for, else in the reader's own; 404 when there is nothing to read."""
    language = _language(request)
    with translation.override(language):
        sheets = briefs(request.actor, party_ids, language=language)
        if not sheets and not more.get("occasion"):
            raise Http404
        context = {
            "sheets": sheets,
            "only": sheets[0] if len(sheets) == 1 else None,
            "made_at": clock.now(),
            "languages": _languages(request, language),
            **more,
        }
        return render(request, "contacts/brief/page.html", context)


def _language(request: HttpRequest) -> str:
    wanted = request.GET.get("language", "")
    return wanted if wanted in dict(LANGUAGES) else translation.get_language() or "en"


def _languages(request: HttpRequest, chosen: str) -> list[dict[str, Any]]:
    """The languages that the sheet can be had in."""
    given = request.GET.copy()
    found = []
    for code, name in LANGUAGES:
        given["language"] = code
        found.append({"code": code, "name": name, "url": f"?{given.urlencode()}", "now": code == chosen})
    return found
