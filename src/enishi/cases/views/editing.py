"""Opening a case and changing what is written of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enishi.accounts.answers import shell_project
from enishi.accounts.requests import StaffRequest
from enishi.cases import queries, services
from enishi.cases.forms import EDIT, VIEW, CaseForm
from enishi.cases.packs import packs
from enishi.cases.views import answers
from enishi.commitments import queries as commitments
from enishi.conversations import queries as conversations
from enishi.conversations.models import Interaction
from enishi.conversations.services import ConversationError, passage
from enishi.core.parameters import number

BROUGHT = ("title", "text", "channel", "project", "said_start", "said_end", "quote")


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """First the kind, then the case; the address may bring person, conversation and passage along."""
    actor = request.actor
    actor.require(EDIT)
    kind = request.GET.get("kind", "")
    if kind not in packs():
        return render(
            request, "cases/kinds.html", {"kinds": packs().values(), "query": _without_kind(request)}
        )
    talk = _talk(request)
    form = CaseForm(
        actor,
        packs()[kind],
        request.POST or None,
        initial=_brought(request, talk),
        project_id=shell_project(request),
    )
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("said_start", "said_end", "quote")}
        if talk is None or said["said_end"] is None or said["said_start"] is None:
            said |= {"said_start": None, "said_end": None}
        try:
            made = services.open_case(actor, kind=kind, said_in=talk, **said, **form.values())
        except services.CaseError as error:
            form.refuse(error)
        else:
            return _opened(request, made.pk, made.number)
    back = answers.way_back(request, reverse("cases:list"))
    context = {"form": form, "pack": packs()[kind], "talk": talk, "back": back}
    return render(request, "cases/form.html", context, status=422 if form.errors else 200)


def _opened(request: StaffRequest, case_id: int, number: str) -> HttpResponse:
    """A kind may be more confidential than whoever took it down may read: then others were told."""
    if queries.may_see(request.actor, case_id):
        messages.success(request, _("%(number)s is registered.") % {"number": number})
        return redirect("cases:case", case_id)
    messages.success(
        request,
        _("%(number)s is registered. It is confidential: those who work on it were told.")
        % {"number": number},
    )
    return redirect("cases:list")


def _without_kind(request: StaffRequest) -> str:
    query = request.GET.copy()
    query.pop("kind", None)
    return query.urlencode()


def _talk(request: StaffRequest) -> Interaction | None:
    given = number(request.POST.get("said_in") or request.GET.get("said_in"))
    return answers.found(conversations.interaction, request.actor, given) if given else None


def _brought(request: StaffRequest, talk: Interaction | None) -> dict[str, Any]:
    """What another page hands over to a new case."""
    given: dict[str, Any] = {name: request.GET[name][:5000] for name in BROUGHT if request.GET.get(name)}
    if party_id := number(request.GET.get("party")):
        party = answers.found(commitments.party, request.actor, party_id)
        given |= {"party": party.pk, "person": party.full_name, "project": party.project_ids[0]}
    if talk is not None:
        given |= {"said_in": talk.pk, "project": talk.project_ids[0], "channel": _channel(talk)}
        start, end = (given.get(name, "") for name in ("said_start", "said_end"))
        if start.isdecimal() and end.isdecimal():
            try:
                quote = passage(talk, int(start[:9]), int(end[:9])).quote
            except ConversationError:
                quote = ""
            given |= {"quote": quote, "text": quote, "title": " ".join(quote.split())[:120]}
        elif talk.subject:
            given["title"] = talk.subject[:300]
        took_part = [one.party for one in talk.people if one.party]  # type: ignore[attr-defined]
        if len(took_part) == 1 and "party" not in given:
            given |= {"party": took_part[0].pk, "person": took_part[0].full_name}
    return given


def _channel(talk: Interaction) -> str:
    return talk.channel if talk.channel in {"call", "email", "letter", "meeting", "visit"} else "other"


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    form = CaseForm(request.actor, row.pack, request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_case(request.actor, row, form.cleaned_data["version"], **form.values())
        except (services.CaseError, services.Conflict) as error:
            form.refuse(error)
        else:
            here = request.actor.may(VIEW, changed)
            after = reverse("cases:case", args=[row.pk]) if here else reverse("cases:list")
            return answers.done(request, _("Saved"), after=after)
    context = {"form": form, "pack": row.pack, "case": row, "back": reverse("cases:case", args=[row.pk])}
    return render(request, "cases/form.html", context, status=422 if form.errors else 200)


@require_GET
def people(request: StaffRequest) -> HttpResponse:
    """People by what was typed so far, to choose from."""
    request.actor.require(EDIT)
    typed = request.GET.get("person", "")[:200]
    hits = commitments.people_like(request.actor, typed) if typed else []
    return render(request, "commitments/_people.html", {"people": hits})
