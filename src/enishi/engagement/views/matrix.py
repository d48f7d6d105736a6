"""The stakeholders of a project: the matrix with its list, the replay, and the report of gaps."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.requests import StaffRequest
from enishi.core.parameters import number
from enishi.engagement import queries
from enishi.engagement.forms import WantedForm
from enishi.engagement.queries.gaps import QUIET_DAYS, USUAL_DAYS
from enishi.engagement.services.rules import RATE
from enishi.engagement.views import answers

KEPT = ("q", "kind", "tag", "position", "on", "cell", "list")


def _with(request: StaffRequest, **changed: Any) -> str:
    """The address of this page with parts of it changed; what becomes empty goes."""
    kept = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
    kept = {name: str(value) for name, value in {**kept, **changed}.items() if value not in ("", None)}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def _number(request: StaffRequest, name: str) -> int:
    return number(request.GET.get(name)) or 0


@require_GET
def matrix(request: StaffRequest, project_id: int) -> HttpResponse:
    """Who stands where, on a day, and the same people as a list."""
    project = answers.project_or_404(request, project_id)
    form = WantedForm(request.actor, request.GET)
    wanted, day = form.read()
    never = request.GET.get("list") == "unrated"
    found = queries.matrix(
        request.actor, project.pk, day=day, wanted=wanted, start=0 if never else _number(request, "from")
    )
    others = queries.unrated(
        request.actor, project.pk, wanted=wanted, after=_number(request, "after") or None
    )
    context = {
        **answers.page(request, project, "matrix"),
        "filter_fields": [form[name] for name in ("q", "kind", "tag", "position")],
        "kept": [(name, request.GET[name]) for name in KEPT if name != "on" and request.GET.get(name)],
        "wanted": wanted,
        "matrix": found,
        "unrated": others,
        "never": never,
        "may_rate": request.actor.may(RATE, project.pk),
        "lists": [
            {
                "label": _("Rated"),
                "url": _with(request, list=""),
                "count": found.page.total,
                "current": not never,
            },
            {
                "label": _("Not rated yet"),
                "url": _with(request, list="unrated", cell=""),
                "count": others.total,
                "current": never,
            },
        ],
        "steps": [{"day": one, "url": _with(request, on=one.isoformat())} for one in found.steps],
        "today_url": _with(request, on=""),
        "earlier_url": _with(request, on=found.earlier.isoformat()) if found.earlier else "",
        "later_url": _with(request, on=found.later.isoformat()) if found.later else "",
        "all_cells_url": _with(request, cell=""),
        "cells": {cell.code: _with(request, cell=cell.code, list="") for row in found.rows for cell in row},
        "back_url": _with(request, **{"from": found.page.before}) if found.page.before is not None else "",
        "next_url": _with(request, **{"from": found.page.after}) if found.page.after else "",
        "more_unrated_url": _with(request, after=others.after) if others.after else "",
    }
    return render(request, "engagement/matrix.html", context)


@require_GET
def gaps(request: StaffRequest, project_id: int) -> HttpResponse:
    """What is missing about the stakeholders; each number opens its people."""
    project = answers.project_or_404(request, project_id)
    asked = _number(request, "days")
    days = asked if asked in QUIET_DAYS else USUAL_DAYS
    rated, much, found = queries.gap_report(request.actor, project.pk, days=days)
    context = {
        **answers.page(request, project, "gaps"),
        "rated": rated,
        "much": much,
        "gaps": found,
        "days": [
            {"days": one, "url": f"{request.path}?days={one}", "current": one == days} for one in QUIET_DAYS
        ],
        "unrated": queries.unrated(request.actor, project.pk, limit=1).total,
        "unrated_url": f"{reverse('engagement:matrix', args=[project.pk])}?list=unrated",
    }
    return render(request, "engagement/gaps.html", context)
