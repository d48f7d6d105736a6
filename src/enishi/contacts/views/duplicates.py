"""Who is in the records twice: while typing, the pairs to look at, and merging two."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import shell_project
from enishi.accounts.requests import StaffRequest
from enishi.contacts.forms.duplicates import read_choices, read_entered, read_left_points
from enishi.contacts.models import DuplicatePair, Party
from enishi.contacts.queries import duplicates as queries
from enishi.contacts.queries import record as records
from enishi.contacts.queries.naming import shown_name
from enishi.contacts.services import ContactError, duplicates, merging
from enishi.contacts.views.answers import country, crumbs, party_or_404
from enishi.contacts.views.shown import language
from enishi.core.parameters import number

VIEW = "contacts.view"


@require_GET
def similar(request: StaffRequest) -> HttpResponse:
    """Whom the user may be about to enter a second time."""
    request.actor.require(VIEW)
    entered = read_entered(request.GET, country())
    matches = queries.similar(request.actor, entered)
    return render(
        request, "contacts/duplicates/similar.html", {"matches": [_told(match) for match in matches]}
    )


def _told(match: queries.Match, *, kept: Party | None = None) -> dict[str, Any]:
    """One likely record as a row; with ``kept`` it leads to the comparison of the two."""
    return {
        "party": match.party,
        "url": reverse("contacts:merge_pair", args=[kept.pk, match.party.pk])
        if kept
        else reverse("contacts:party", args=[match.party.pk]),
        "name": shown_name(match.party, language()),
        "score": match.score,
        "reasons": _reasons(match.reasons),
    }


def _reasons(codes: Any) -> str:
    return ", ".join(str(queries.REASONS[code]) for code in codes if code in queries.REASONS)


@require_GET
def pairs(request: StaffRequest) -> HttpResponse:
    """Pairs to look at, surest first."""
    actor = request.actor
    actor.require(VIEW)
    found = queries.pairs(
        actor,
        after=queries.Position.parse(request.GET.get("after", "")),
        project_id=shell_project(request),
    )
    shown, more = found[: queries.PAGE], len(found) > queries.PAGE
    last = shown[-1] if shown else None
    context = {
        "rows": [_pair_row(request, pair) for pair in shown],
        "next_url": f"?after={queries.Position(last.score, last.pk)}" if more and last else "",
        "back_url": request.path if "after" in request.GET else "",
        "crumbs": crumbs(),
    }
    return render(request, "contacts/duplicates/page.html", context)


def _pair_row(request: StaffRequest, pair: DuplicatePair) -> dict[str, Any]:
    ids = (pair.first.project_ids, pair.second.project_ids)
    return {
        "pair": pair,
        "first": shown_name(pair.first, language()),
        "second": shown_name(pair.second, language()),
        "reasons": _reasons(pair.reasons),
        "may": all(request.actor.may(merging.MERGE, each) for each in ids),
    }


def _both(request: StaffRequest, kept_id: int, gone_id: int) -> tuple[Party, Party]:
    kept, gone = party_or_404(request, kept_id), party_or_404(request, gone_id)
    if kept.deleted_at is not None or gone.deleted_at is not None:
        raise Http404
    return kept, gone


@require_http_methods(["GET", "POST"])
def merge(request: StaffRequest, kept_id: int, gone_id: int) -> HttpResponseBase:
    """Two records side by side; POST makes one of them."""
    kept, gone = _both(request, kept_id, gone_id)
    pair = queries.pair_between(request.actor, kept.pk, gone.pk)
    if request.method == "POST":
        following = (
            queries.next_pair(request.actor, pair) if pair and request.POST.get("from") == "pairs" else None
        )
        try:
            preview = merging.preview_merge(request.actor, kept, gone)
            operation = merging.merge(
                request.actor,
                kept=kept,
                gone=gone,
                choices=read_choices(request.POST, preview),
                leave_points=read_left_points(request.POST, preview),
            )
        except ContactError as error:
            return _merge_page(request, kept, gone, pair, problem=str(error), status=422)
        words = _("%(gone)s and %(kept)s are one contact now.") % {
            "gone": gone.full_name,
            "kept": kept.full_name,
        }
        messages.success(request, words, extra_tags=reverse("timeline:undo", args=[operation.pk]))
        return redirect(_address(following) if following else reverse("contacts:party", args=[kept.pk]))
    return _merge_page(request, kept, gone, pair)


def _address(pair: DuplicatePair) -> str:
    return reverse("contacts:merge_pair", args=[pair.first_id, pair.second_id]) + "?from=pairs"


def _merge_page(
    request: StaffRequest,
    kept: Party,
    gone: Party,
    pair: DuplicatePair | None,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "kept": kept,
        "gone": gone,
        "kept_name": shown_name(kept, language()),
        "gone_name": shown_name(gone, language()),
        "pair": pair,
        "score": pair.score if pair else None,
        "reasons": _reasons(pair.reasons) if pair else "",
        "problem": problem,
        "from_pairs": (request.POST or request.GET).get("from") == "pairs",
        "swap_url": reverse("contacts:merge_pair", args=[gone.pk, kept.pk]),
        "crumbs": [*crumbs(), {"label": _("Duplicates"), "url": reverse("contacts:duplicates")}],
    }
    following = queries.next_pair(request.actor, pair) if pair else None
    context["next_url"] = _address(following) if following else reverse("contacts:duplicates")
    try:
        context["preview"] = merging.preview_merge(request.actor, kept, gone)
    except ContactError as error:
        context["problem"], status = str(error), 422
    return render(request, "contacts/duplicates/merge.html", context, status=status)


@require_GET
def choose(request: StaffRequest, party_id: int) -> HttpResponseBase:
    """With whom to merge a contact: likely ones, or anybody by name."""
    party = party_or_404(request, party_id)
    request.actor.require(merging.MERGE, party.project_ids)
    if other := number(request.GET.get("other")):
        return redirect("contacts:merge_pair", party.pk, other)
    points = records.points(request.actor, party)
    entered = queries.Entered(
        kind=party.kind,
        full_name=party.full_name,
        family_name=party.family_name,
        given_name=party.given_name,
        emails=[point.key for point in points if point.kind == "email" and point.key],
        phones=[point.key for point in points if point.kind == "phone" and point.key],
        postcodes=[point.key for point in points if point.kind == "address" and point.key],
    )
    matches = queries.similar(request.actor, entered, besides=party.pk, limit=10)
    context = {
        "party": party,
        "name": shown_name(party, language()),
        "matches": [_told(match, kept=party) for match in matches],
        "crumbs": [*crumbs(), {"label": party.full_name, "url": reverse("contacts:party", args=[party.pk])}],
    }
    return render(request, "contacts/duplicates/choose.html", context)


@require_POST
def different(request: StaffRequest, first_id: int, second_id: int) -> HttpResponseBase:
    """Not the same person: remembered, never suggested again; ``again`` takes that back."""
    first, second = _both(request, first_id, second_id)
    pair = queries.pair_between(request.actor, first.pk, second.pk)
    following = (
        queries.next_pair(request.actor, pair) if pair and request.POST.get("from") == "pairs" else None
    )
    if request.GET.get("again"):
        duplicates.reopen(request.actor, first, second)
        return _refreshed(request)
    duplicates.mark_different(request.actor, first, second)
    undo = reverse("contacts:different", args=[first.pk, second.pk]) + "?again=1"
    messages.success(request, _("Remembered: these two are not the same."), extra_tags=undo)
    return redirect(_address(following) if following else reverse("contacts:duplicates"))


def _refreshed(request: StaffRequest) -> HttpResponseBase:
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("contacts:duplicates")
