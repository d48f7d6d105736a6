"""My day: what needs the reader now, on one page that every app adds to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.access import Actor
from enishi.accounts.answers import chosen_project
from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries as commitments
from enishi.core import clock, registry
from enishi.core.formats import format_number
from enishi.guide.panels import welcome

VIEW = "commitments.view"
BAR_HEIGHT = 64
"""Of the tallest bar, in units of the drawing."""


@require_GET
def home(request: StaffRequest) -> HttpResponse:
    """Promises and tasks of the reader or of the reader's team, and what other apps have to say."""
    actor, project_id = request.actor, chosen_project(request)
    team = request.GET.get("who") == "team"
    owners = commitments.teammates(actor) if team else (actor.user_id or 0,)
    context: dict[str, Any] = {
        "team": team,
        "today": timezone.localdate(clock.now()),
        "here": request.get_full_path(),
        "welcome": welcome(request),
        "main": registry.panels("home.main", actor, project_id),
        "side": registry.panels("home.side", actor, project_id),
    }
    totals: Mapping[str, int] = {}
    if actor.may(VIEW):
        filters = commitments.Filter(owner_ids=owners, project_id=project_id)
        day = commitments.my_day(actor, project_id, owner_ids=owners)
        totals = day.totals
        weeks = commitments.kept_by_week(actor, filters)
        context |= {
            "day": day,
            "may_edit": actor.may("commitments.edit"),
            "rate": commitments.kept_rate(actor, filters),
            "weeks": _columns(weeks),
            **_bars(commitments.due_soon(actor, filters)),
        }
    context["sentence"] = sentence(actor, project_id, owners, totals)
    return render(request, "config/home.html", context)


def _columns(weeks: Sequence[commitments.Rate]) -> list[dict[str, Any]]:
    """The share of each week as a column; a week in which nothing was decided has none."""
    return [
        {
            "x": 8 * place,
            "share": rate.share,
            "top": round(32 - 32 * (rate.share or 0), 1),
            "tall": round(32 * (rate.share or 0), 1),
        }
        for place, rate in enumerate(weeks)
    ]


def _bars(days: Sequence[commitments.DueDay]) -> dict[str, Any]:
    """The next days as bars: theirs stand upon ours. ``soon`` counts all of it."""
    highest = max((day.ours + day.theirs for day in days), default=0) or 1
    unit = BAR_HEIGHT / highest
    bars = [
        {
            "day": day.day,
            "ours": day.ours,
            "theirs": day.theirs,
            "x": 44 * place + 10,
            "middle": 44 * place + 22,
            "ours_height": round(day.ours * unit, 2),
            "ours_top": round(BAR_HEIGHT - day.ours * unit, 2),
            "theirs_height": round(day.theirs * unit, 2),
            "theirs_top": round(BAR_HEIGHT - (day.ours + day.theirs) * unit, 2),
        }
        for place, day in enumerate(days)
    ]
    return {
        "bars": bars,
        "soon": {"ours": sum(day.ours for day in days), "theirs": sum(day.theirs for day in days)},
    }


def sentence(actor: Actor, project_id: int | None, owners: tuple[int, ...], totals: Mapping[str, int]) -> str:
    """The head of the day in whole sentences; other apps add theirs by ``provide("home.sentence", app)``."""
    language = get_language() or "en"
    said: list[str] = []
    if late := totals.get("late"):
        words = ngettext("One promise is late.", "%(n)s promises are late.", late)
        said.append(words % {"n": format_number(late, language)})
    if today := totals.get("today"):
        words = ngettext("One promise is due today.", "%(n)s promises are due today.", today)
        said.append(words % {"n": format_number(today, language)})
    for _app, tell in sorted(registry.providers("home.sentence").items()):
        said.append(tell(actor, project_id, owners))
    # Languages that write without spaces between words write none between sentences either.
    return ("" if language == "ja" else " ").join(filter(None, said)) or _(
        "No promise is late and none is due today."
    )
