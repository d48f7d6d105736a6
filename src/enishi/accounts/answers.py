"""How views answer somebody signed in: the record or 404; what happened, with the way to take it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from enishi.accounts import queries
from enishi.accounts.requests import StaffRequest
from enishi.core.parameters import number

T = TypeVar("T")


def found(read: Callable[..., T], *args: Any) -> T:
    """The record, or 404: out of scope, kept from the reader and not there look the same."""
    try:
        return read(*args)
    except ObjectDoesNotExist:
        raise Http404 from None


def shell_project(request: HttpRequest) -> int | None:
    """The project chosen in the shell, or None for all."""
    value = request.session.get("project")
    return value if isinstance(value, int) else None


def listed_project(request: HttpRequest) -> int | None:
    """The project to which a list is limited: that of the address, where nothing means all, else that of the shell."""
    return number(request.GET["project"]) if "project" in request.GET else shell_project(request)


def chosen_project(request: StaffRequest, named: str | None = None) -> int | None:
    """The project that the address names, within the reader's reach, else the one chosen in the shell."""
    wanted = number(request.GET.get("project") if named is None else named)
    if wanted and queries.projects(request.actor).filter(pk=wanted).exists():
        return wanted
    return shell_project(request)


def way_back(request: StaffRequest, otherwise: str) -> str:
    """Where an action was asked from."""
    after = request.POST.get("next") or request.GET.get("next") or ""
    return after if url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}) else otherwise


def done(request: StaffRequest, words: str, *, after: str, undo_url: str = "") -> HttpResponse:
    """Say what happened, offer to take it back, and draw the page anew on which it was asked."""
    if not request.htmx:
        messages.success(request, words, extra_tags=undo_url)
        return redirect(after)
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps({"toast": {"text": words, "undo_url": undo_url}, "close-sheet": True})
    answer["HX-Location"] = json.dumps(
        {"path": after, "target": "#main", "select": "#main", "swap": "outerHTML", "push": "false"}
    )
    return answer


def refused(request: StaffRequest, words: str, *, after: str) -> HttpResponse:
    """Say why not, where no form stands that could say it."""
    if not request.htmx:
        messages.error(request, words)
        return redirect(after)
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps({"toast": {"text": words, "kind": "error"}})
    return answer
