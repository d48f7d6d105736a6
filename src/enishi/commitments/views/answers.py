"""What the pages of promises share: the filter of the address, and the answer to an action."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from enishi.accounts import answers
from enishi.accounts.answers import chosen_project, found, refused, way_back
from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries
from enishi.core.dates import DateError, parse_date
from enishi.core.money import Money, format_money
from enishi.core.parameters import number, words

__all__ = ("amount", "asked", "done", "filter_of", "found", "part", "refused", "way_back", "with_")

KEPT = (
    "state", "side", "kind", "who", "q", "from", "until", "decided", "till", "owner", "team", "in",
    "project",
)  # fmt: skip
"""The names of the filter in an address."""


def asked(request: StaffRequest) -> dict[str, str]:
    """The filter as it stands in the address, without what is empty."""
    return {name: request.GET[name] for name in KEPT if request.GET.get(name)}


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
    return queries.Filter(
        state=wanted.get("state", "open"),
        direction=wanted["side"] if wanted.get("side") in {"ours", "theirs"} else "",
        kind=wanted.get("kind", ""),
        owner_ids=owners,
        project_id=number(wanted.get("in")) or chosen_project(request),
        due_from=_day(wanted.get("from")),
        due_until=_day(wanted.get("until")),
        decided_from=_day(wanted.get("decided")),
        decided_until=_day(wanted.get("till")),
        text=words(wanted.get("q")),
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


def part(request: StaffRequest, name: str, context: dict[str, Any], form: Form) -> HttpResponse:
    """A short form: in the sheet or the card that asked for it, else on a page of its own."""
    place = "page" if not request.htmx else "card" if request.htmx.target != "sheet" else "sheet"
    return render(request, f"{name}_{place}.html", context, status=422 if form.errors else 200)


def amount(value: Money) -> str:
    """An amount in the reader's way."""
    return format_money(value, get_language() or "en", whole=True)


def done(request: StaffRequest, words: str, *, undo: int | None = None, after: str) -> HttpResponse:
    """What happened, with the way to take back the operation ``undo``."""
    undo_url = reverse("commitments:undo", args=[undo]) if undo else ""
    return answers.done(request, words, after=after, undo_url=undo_url)
