"""What is spoken about: all themes, and one with the people and the passages behind its numbers."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts import queries as accounts
from enishi.accounts.answers import listed_project
from enishi.accounts.requests import StaffRequest
from enishi.contacts.queries import party_or_none
from enishi.core.parameters import day, in_address, moment_and_id, number
from enishi.themes import drawing, queries
from enishi.themes.models import Feeling, Theme
from enishi.themes.queries import emerging
from enishi.themes.queries.replies import replies
from enishi.themes.services import REPLY

VIEW = "conversations.view"
REPLIES = 20


def asked(request: StaffRequest) -> tuple[queries.Filters, queries.Period, dict[str, str]]:
    """What the address asks for, and the same as it stands in further addresses."""
    given = request.GET
    usual = queries.Period.last_weeks()
    since, until = day(given.get("since")), day(given.get("until"), after=True)
    until = until or usual.until
    since = since if since and since < until else until - (usual.until - usual.since)
    feeling = number(given.get("feeling"))
    filters = queries.Filters(
        project_id=listed_project(request),
        party_id=number(given.get("party")),
        feeling=feeling if feeling in Feeling.values else None,
    )
    kept = {
        "project": str(filters.project_id or ""),
        "since": _day(since),
        "until": _day(until - dt.timedelta(days=1)),
        "party": str(filters.party_id or ""),
    }
    return filters, queries.Period(since, until), kept


def _day(moment: dt.datetime) -> str:
    return timezone.localtime(moment).date().isoformat()


def shared(request: StaffRequest, filters: queries.Filters, kept: dict[str, str]) -> dict[str, Any]:
    return {
        "filters": filters,
        "kept": kept,
        "project_list": accounts.projects(request.actor, VIEW),
        "party": party_or_none(request.actor, filters.party_id) if filters.party_id else None,
        "may_set_up": request.actor.may("themes.setup"),
    }


@require_GET
def themes(request: StaffRequest) -> HttpResponse:
    """Themes by the number of their passages, with feelings and the change against the period before."""
    request.actor.require(VIEW)
    filters, period, kept = asked(request)
    figures = queries.spoken(request.actor, filters, period)
    context = {
        **shared(request, filters, kept),
        "rows": drawing.rows(figures, period, kept),
        "figures": figures,
        "rose": [] if filters.party_id else drawing.rows(figures, period, kept, emerging.rising(figures)),
        "mix": drawing.mix(figures.feelings),
        "list_url": reverse("themes:list"),
        "views": drawing.views("list"),
    }
    return render(request, "themes/list.html", context)


@require_GET
def theme(request: StaffRequest, theme_id: int) -> HttpResponse:
    """You said: who said it, in which words, and how it felt."""
    actor = request.actor
    actor.require(VIEW)
    try:
        found = queries.theme(actor, theme_id)
    except Theme.DoesNotExist:
        raise Http404 from None
    filters, period, kept = asked(request)
    whole = queries.Filters(
        theme=found, project_id=filters.project_id, party_id=filters.party_id, since=period.since, until=period.until
    )  # fmt: skip
    shown = queries.Filters(**{**whole.__dict__, "feeling": filters.feeling})
    place = moment_and_id(request.GET.get("after"))
    said, after = queries.passages(actor, shown, after=place)
    here = {**kept, "feeling": str(filters.feeling or "")}
    address = reverse("themes:theme", args=[found.pk])
    feelings = queries.mix_of(actor, whole)
    context = {
        **shared(request, filters, kept),
        "theme": found,
        "crumbs": [{"label": _("Themes"), "url": f"{reverse('themes:list')}?{urlencode(kept)}"}],
        "said": [{"one": one, "felt": drawing.feeling(one.mark.feeling)} for one in said],
        "speakers": queries.speakers(actor, shown),
        "mix": drawing.mix(feelings, f"{address}?{urlencode(kept)}"),
        "weeks": drawing.weeks(queries.by_week(actor, whole, period), address, kept),
        "whole_url": f"{address}?{urlencode(kept)}",
        "next_url": f"?{urlencode({**here, 'after': in_address(*after)})}" if after else "",
        "back_url": f"?{urlencode(here)}" if place else "",
        "feeling": Feeling(filters.feeling).label if filters.feeling else "",
        "replies": list(replies(actor, found)[:REPLIES]),
        "kept_query": urlencode(kept),
        "may_reply": actor.may(REPLY, found.projects or None),
    }
    return render(request, "themes/theme.html", context)
