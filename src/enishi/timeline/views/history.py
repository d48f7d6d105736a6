"""What happened, by whom, through what, before and after."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.requests import StaffRequest
from enishi.core.parameters import number
from enishi.timeline import queries, words
from enishi.timeline.forms import HistoryFilter

PAGE = 50
RECORD_PAGE = 20
VIEW = "timeline.view"


@require_GET
def history(request: StaffRequest) -> HttpResponse:
    """Everything within one's rights, newest first."""
    actor = request.actor
    actor.require(VIEW)
    form = HistoryFilter(actor, request.GET)
    before = number(request.GET.get("before"))
    found = queries.history(actor, **form.conditions(), before=before)[: PAGE + 1]
    entries = [words.told(actor, entry) for entry in found]
    kept = form.chosen()
    last = entries[PAGE - 1].entry.pk if len(entries) > PAGE else None
    context: dict[str, Any] = {
        "form": form,
        "filters": form.shown(),
        "entries": entries[:PAGE],
        "next_url": f"?{urlencode({**kept, 'before': last})}" if last else "",
        "back_url": f"?{urlencode(kept)}" if before else "",
        "views": places("history"),
        "state": queries.proof_state(),
        "whole": actor.may_everywhere(VIEW),
    }
    return render(request, "timeline/history.html", context)


def _moment(request: StaffRequest) -> dt.datetime | None:
    """The moment in the address, in the reader's time zone unless it says its own; None for now."""
    typed = request.GET.get("at", "").strip()[:40]
    try:
        found = parse_datetime(typed) or parse_datetime(f"{typed}T23:59:59.999999")
    except ValueError:
        return None
    if found is None:
        return None
    try:
        return timezone.make_aware(found) if timezone.is_naive(found) else found.astimezone(dt.UTC)
    except OverflowError:
        return None


def _as_of(request: StaffRequest, subject_type: str, subject_id: int, at: dt.datetime) -> dict[str, Any]:
    """The record as it stood then, and the ways to the changes before and after."""
    found = queries.record_at(request.actor, subject_type, subject_id, at=at)
    earlier, later = queries.moments_around(request.actor, subject_type, subject_id, at=at)
    return {
        "state": found,
        "rows": words.stood(subject_type, found) if found.existed else [],
        "at": at,
        "earlier_url": f"?{urlencode({'at': earlier.isoformat()})}" if earlier else "",
        "later_url": f"?{urlencode({'at': later.isoformat()})}" if later else "",
    }


@require_GET
def of(request: StaffRequest, subject_type: str, subject_id: int) -> HttpResponse:
    """The history of one record: a part of its page, or a page of its own."""
    actor = request.actor
    actor.require(VIEW)
    before, at = number(request.GET.get("before")), _moment(request)
    found = queries.history_of(actor, subject_type, subject_id, before=before, until=at)[: RECORD_PAGE + 1]
    entries = [words.told(actor, entry) for entry in found]
    # Before its first change there is nothing to list, but the record may be looked for there.
    there = entries or (at is not None and queries.history_of(actor, subject_type, subject_id).exists())
    if not there and not request.htmx:
        raise Http404
    last = entries[RECORD_PAGE - 1].entry.pk if len(entries) > RECORD_PAGE else None
    kept = {"at": at.isoformat()} if at is not None else {}
    context: dict[str, Any] = {
        "entries": entries[:RECORD_PAGE],
        "one_record": True,
        "more_url": f"{request.path}?{urlencode({'before': last, **kept})}" if last else "",
        "title": entries[0].entry.label if entries else "",
        "url": words.address(subject_type, subject_id),
        "page": request.path,
        "as_of": _as_of(request, subject_type, subject_id, at) if at is not None else None,
        "views": places("history"),
        "part": f"history-of-{subject_id}-{before or 0}",
    }
    return render(
        request, "timeline/history_of.html" if request.htmx else "timeline/history_record.html", context
    )


def places(here: str) -> list[dict[str, Any]]:
    """The pages of the history, for the top bar."""
    listed = (("history", _("Changes")), ("operations", _("Undo log")), ("proof", _("Proof")))
    return [
        {"label": label, "url": reverse(f"timeline:{name}"), "current": name == here}
        for name, label in listed
    ]
