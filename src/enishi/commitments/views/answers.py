"""What the pages of promises share: the filter of the address, and the answer to an action."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries
from enishi.core.dates import DateError, parse_date

T = TypeVar("T")
KEPT = ("state", "side", "kind", "who", "q", "from", "until", "decided", "till", "owner", "team", "in")
"""The names of the filter in an address."""


def found(read: Callable[..., T], *args: Any) -> T:
    """The record, or 404: out of scope and not there look the same."""
    try:
        return read(*args)
    except ObjectDoesNotExist:
        raise Http404 from None


def asked(request: StaffRequest) -> dict[str, str]:
    """The filter as it stands in the address, without what is empty."""
    return {name: request.GET[name] for name in KEPT if request.GET.get(name)}


def number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 18 else None


def filter_of(request: StaffRequest) -> queries.Filter:
    """The filter that the address and the chosen project ask for; what it cannot mean is passed over."""
    wanted = asked(request)
    who = wanted.get("who")
    owners: tuple[int, ...] | None = None
    if who == "mine":
        owners = (request.actor.user_id or 0,)
    elif who == "team":
        owners = queries.teammates(request.actor)
    elif owner := number(wanted.get("owner")):
        owners = (owner,)
    elif team := number(wanted.get("team")):
        owners = queries.members(team)
    project = number(wanted.get("in")) or request.session.get("project")
    return queries.Filter(
        state=wanted.get("state", "open"),
        direction=wanted["side"] if wanted.get("side") in {"ours", "theirs"} else "",
        kind=wanted.get("kind", ""),
        owner_ids=owners,
        project_id=project if isinstance(project, int) else None,
        due_from=_day(wanted.get("from")),
        due_until=_day(wanted.get("until")),
        decided_from=_day(wanted.get("decided")),
        decided_until=_day(wanted.get("till")),
        text=wanted.get("q", "")[:200],
    )


def _day(text: str | None) -> Any:
    try:
        return parse_date(text) if text else None
    except DateError:
        return None


def with_(request: StaffRequest, **changed: str) -> str:
    """The address of this list with part of its filter changed; an empty value removes it."""
    kept = {name: value for name, value in {**asked(request), **changed}.items() if value}
    return f"?{urlencode(kept)}" if kept else request.path


def way_back(request: StaffRequest, otherwise: str) -> str:
    """Where an action was asked from."""
    after = request.POST.get("next") or request.GET.get("next") or ""
    return after if url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}) else otherwise


def done(request: StaffRequest, words: str, *, undo: int | None = None, after: str) -> HttpResponse:
    """Say what happened, offer to take it back, and draw the page anew on which it was asked."""
    undo_url = reverse("commitments:undo", args=[undo]) if undo else ""
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
