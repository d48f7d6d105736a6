"""The list of cases."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts import queries as accounts
from enishi.accounts.answers import chosen_project
from enishi.accounts.requests import StaffRequest
from enishi.cases import queries
from enishi.cases.packs import packs
from enishi.core import clock
from enishi.core.keyset import Position
from enishi.core.parameters import number, words

KEPT = ("state", "kind", "stage", "who", "q", "project")
STATES = ("open", "over", "closed", "all")


def asked(request: StaffRequest) -> dict[str, str]:
    """The filter as it stands in the address, without what is empty."""
    return {name: words(request.GET[name]) for name in KEPT if request.GET.get(name)}


def filter_of(request: StaffRequest) -> queries.Filter:
    """The filter that the address and the chosen project ask for; what it cannot mean is passed over."""
    wanted = asked(request)
    who = wanted.get("who", "")
    owner = request.actor.own_id if who == "mine" else number(who)
    kind = wanted.get("kind", "")
    return queries.Filter(
        state=wanted.get("state", "open") if wanted.get("state") in STATES else "open",
        kind=kind if kind in packs() else "",
        stage=wanted.get("stage", ""),
        owner_id=owner,
        nobody=who == "nobody",
        project_id=chosen_project(request),
        text=wanted.get("q", ""),
    )


def with_(request: StaffRequest, **changed: str) -> str:
    """The address of this list with part of its filter changed; an empty value removes it."""
    kept = {name: value for name, value in {**asked(request), **changed}.items() if value}
    return f"?{urlencode(kept)}" if kept else request.path


@require_GET
def cases(request: StaffRequest) -> HttpResponse:
    """Open cases by the time that is left, and the other ways to look at them."""
    actor = request.actor
    actor.require("cases.view")
    filters = filter_of(request)
    after, before = (Position.parse(request.GET.get(name, "")) for name in ("after", "before"))
    page = queries.case_list(actor, filters, after=after, before=before)
    totals = queries.totals(actor, filters.project_id)
    context: dict[str, Any] = {
        "page": page,
        "totals": totals,
        "filters": filters,
        "kept": asked(request),
        "tabs": _tabs(request, totals),
        "kinds": _kinds(request, filters, totals),
        "stages": _stages(request, filters),
        "owners": accounts.users(),
        "may_edit": actor.may("cases.edit"),
        "now": clock.now(),
        "back_url": _turned(request, "before", page.before),
        "next_url": _turned(request, "after", page.after),
    }
    return render(request, "cases/list.html", context)


def _turned(request: StaffRequest, name: str, position: Position | None) -> str:
    return f"?{urlencode({**asked(request), name: str(position)})}" if position else ""


def _tabs(request: StaffRequest, totals: queries.Totals) -> list[dict[str, Any]]:
    """Saved ways to look at cases, in the top bar."""
    wanted = asked(request)
    now = wanted.get("state") or {"mine": "mine", "nobody": "nobody"}.get(wanted.get("who", ""), "")
    base = reverse("cases:list")
    listed = (
        ("", _("Least time left"), "", totals.open),
        ("mine", _("Mine"), "?who=mine", None),
        ("nobody", _("Without an owner"), "?who=nobody", totals.nobody),
        ("over", _("Over time"), "?state=over", totals.over),
        ("closed", _("Closed"), "?state=closed", None),
    )
    return [
        {"label": label, "url": f"{base}{query}", "count": count, "current": now == code}
        for code, label, query, count in listed
    ]


def _kinds(request: StaffRequest, filters: queries.Filter, totals: queries.Totals) -> list[dict[str, Any]]:
    """Kinds as conditions that one press switches on and off."""
    return [
        {
            "label": pack.plural,
            "icon": pack.icon,
            "count": totals.kinds[code],
            "pressed": filters.kind == code,
            "url": with_(request, kind="" if filters.kind == code else code, stage=""),
        }
        for code, pack in packs().items()
    ]


def _stages(request: StaffRequest, filters: queries.Filter) -> list[dict[str, Any]]:
    """The stages of the chosen kind."""
    stages = packs()[filters.kind].stages if filters.kind else ()
    return [
        {
            "label": stage.label,
            "pressed": filters.stage == stage.code,
            "url": with_(request, stage="" if filters.stage == stage.code else stage.code),
        }
        for stage in stages
        if not stage.final
    ]
