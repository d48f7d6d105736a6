"""The ledger as a list with its month, as a board, and the list of tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts import queries as accounts
from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries
from enishi.commitments.views import answers
from enishi.core import registry
from enishi.core.dates import DateError, parse_date
from enishi.core.keyset import Page, Position

VIEW, EDIT = "commitments.view", "commitments.edit"


def tabs(request: StaffRequest, here: str) -> list[dict[str, Any]]:
    """Saved ways to look at the ledger, in the top bar."""
    wanted = answers.asked(request)
    listed = (
        ("", _("Both sides"), ""),
        ("mine", _("Mine"), "?who=mine"),
        ("team", _("My team"), "?who=team"),
        ("repeats", _("Recurring"), "?kind=repeats"),
        ("settled", _("Settled"), "?state=settled"),
    )
    now = wanted.get("who") or ("repeats" if wanted.get("kind") == "repeats" else "")
    if queries.is_settled(queries.Filter(state=wanted.get("state", "open"))):
        now = "settled"
    base = reverse("commitments:list")
    others = (("tasks", _("Tasks")), ("duties", _("Duties")), ("kept", _("Kept on time")))
    found = [
        {"label": label, "url": f"{base}{query}", "current": here not in dict(others) and now == code}
        for code, label, query in listed
    ]
    return found + [
        {"label": label, "url": reverse(f"commitments:{name}"), "current": here == name}
        for name, label in others
    ]


def _chips(request: StaffRequest, here: str) -> list[dict[str, Any]]:
    """Conditions that one press switches on and off."""
    wanted = answers.asked(request)
    listed = (
        ("side", "ours", _("We owe")),
        ("side", "theirs", _("They owe us")),
        *((("state", "late", _("Late")), ("state", "proof", _("Waits for proof"))) if here == "list" else ()),
        ("kind", "negative", _("Not to do")),
        ("kind", "amount", _("With an amount")),
    )
    return [
        {
            "label": label,
            "pressed": wanted.get(name) == value,
            "url": answers.with_(request, **{name: "" if wanted.get(name) == value else value}),
        }
        for name, value, label in listed
    ]


def _switch(request: StaffRequest, here: str) -> list[dict[str, Any]]:
    query = answers.with_(request)
    kept = query if query.startswith("?") else ""
    listed = (("list", _("List and calendar")), ("board", _("Board")))
    return [
        {"label": label, "url": reverse(f"commitments:{name}") + kept, "current": name == here}
        for name, label in listed
    ]


def _rows_of(request: StaffRequest, *states: str) -> dict[str, str]:
    """The lists that the figures above the ledger count, for the same people."""
    who = {"who": request.GET["who"]} if request.GET.get("who") else {}
    base = reverse("commitments:list")
    return {state: f"{base}?{urlencode({**who, 'state': state})}" for state in states}


def _shared(request: StaffRequest, filters: queries.Filter, here: str) -> dict[str, Any]:
    return {
        "rows_of": _rows_of(request, "late", "proof"),
        "tabs": tabs(request, here),
        "chips": _chips(request, here),
        "switch": _switch(request, here),
        "filters": filters,
        "kept": answers.asked(request),
        "may_edit": request.actor.may(EDIT),
        "here": request.get_full_path(),
    }


def _turned(request: StaffRequest, page: Page[Any]) -> dict[str, str]:
    return {
        "back_url": answers.with_(request) + _amp(request, "before", page.before) if page.before else "",
        "next_url": answers.with_(request) + _amp(request, "after", page.after) if page.after else "",
    }


def _amp(request: StaffRequest, name: str, position: Position | None) -> str:
    return ("&" if answers.asked(request) else "?") + urlencode({name: str(position)})


def _turning(request: StaffRequest) -> tuple[Position | None, Position | None]:
    """Where the asked page begins, and where it ends."""
    return Position.parse(request.GET.get("after", "")), Position.parse(request.GET.get("before", ""))


@require_GET
def ledger(request: StaffRequest) -> HttpResponse:
    """Promises by time, with the month beside them."""
    actor = request.actor
    actor.require(VIEW)
    filters = answers.filter_of(request)
    after, before = _turning(request)
    page = queries.ledger(actor, filters, after=after, before=before)
    over = queries.is_settled(filters)
    context = {
        **_shared(request, filters, "list"),
        **_turned(request, page),
        "page": page,
        "groups": [] if over else queries.grouped(page.rows),
        "over": over,
        "totals": {} if over else queries.group_totals(actor, filters),
        "figures": queries.figures(actor, filters),
        "month": _month(request, filters),
        "rates": queries.kept_rates(actor, "team", filters),
        "repeats": queries.repeating(actor, filters),
        "side": registry.panels("commitments.side", actor, filters.project_id),
        "runs": queries.runs(actor, {row.series_id for row in page.rows if row.series_id}),
    }
    return render(request, "commitments/list.html", context)


def _month(request: StaffRequest, filters: queries.Filter) -> queries.Month:
    try:
        day = parse_date(request.GET["month"]) if request.GET.get("month") else None
    except DateError:
        day = None
    project = next((p for p in accounts.projects(request.actor, VIEW) if p.pk == filters.project_id), None)
    return queries.month(request.actor, filters, day, project=project)


@require_GET
def month(request: StaffRequest) -> HttpResponse:
    """The month alone, for turning its pages."""
    request.actor.require(VIEW)
    filters = answers.filter_of(request)
    context = {"month": _month(request, filters), "kept": answers.asked(request)}
    return render(request, "commitments/_month.html", context)


@require_GET
def board(request: StaffRequest) -> HttpResponse:
    """Promises by state."""
    actor = request.actor
    actor.require(VIEW)
    filters = replace(answers.filter_of(request), state="all")
    context = {
        **_shared(request, filters, "board"),
        "columns": queries.board(actor, filters),
        "figures": queries.figures(actor, filters),
        "today": timezone.localdate(),
    }
    return render(request, "commitments/board.html", context)


@require_GET
def tasks(request: StaffRequest) -> HttpResponse:
    """Tasks by time."""
    actor = request.actor
    actor.require(VIEW)
    filters = answers.filter_of(request)
    after, before = _turning(request)
    page = queries.task_list(actor, filters, after=after, before=before)
    over = queries.is_settled(filters)
    context = {
        **_shared(request, filters, "tasks"),
        **_turned(request, page),
        "page": page,
        "groups": [] if over else queries.grouped(page.rows),
        "over": over,
        "shown": [
            {"label": label, "url": url, "current": current}
            for label, url, current in (
                (_("Mine"), answers.with_(request, who="mine", state=""), request.GET.get("who") == "mine"),
                (_("Done"), answers.with_(request, state="settled"), filters.state == "settled"),
            )
        ],
    }
    return render(request, "commitments/tasks.html", context)
