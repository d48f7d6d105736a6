"""Asking for a draft, and reading what came back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.answers import done, found, refused
from enishi.accounts.requests import StaffRequest
from enishi.cases import queries as cases
from enishi.contacts import queries as contacts
from enishi.conversations import queries as conversations
from enishi.writing import queries, services
from enishi.writing.models import Draft

VIEW, CASES = "conversations.view", "cases.view"


def _asked(request: StaffRequest, ask: Callable[..., Draft], about: Any, back: str) -> HttpResponse:
    try:
        made = ask(request.actor, about)
    except services.WritingError as error:
        return refused(request, str(error), after=back)
    return redirect("writing:draft", made.pk)


@require_POST
def of_conversation(request: StaffRequest, interaction_id: int) -> HttpResponse:
    request.actor.require(VIEW)
    talk = found(conversations.interaction, request.actor, interaction_id)
    return _asked(
        request, services.ask_conversation, talk, reverse("conversations:interaction", args=[talk.pk])
    )


@require_POST
def of_person(request: StaffRequest, party_id: int) -> HttpResponse:
    request.actor.require("contacts.view")
    party = found(contacts.party, request.actor, party_id)
    return _asked(request, services.ask_person, party, reverse("contacts:party", args=[party.pk]))


@require_POST
def of_case(request: StaffRequest, case_id: int) -> HttpResponse:
    request.actor.require(CASES)
    case = found(cases.case, request.actor, case_id)
    return _asked(request, services.ask_answer, case, reverse("cases:case", args=[case.pk]))


def _back(draft: Draft) -> str:
    if draft.case_id is not None:
        return reverse("cases:case", args=[draft.case_id])
    if draft.party_id is not None:
        return reverse("contacts:party", args=[draft.party_id])
    return reverse("conversations:interaction", args=[draft.interaction_id])


@require_GET
def draft(request: StaffRequest, draft_id: int) -> HttpResponse:
    """What came back, each sentence with the records it rests on; or that it is still being written."""
    one = found(queries.draft, request.actor, draft_id)
    sources = {source.number: source for source in queries.sources(request.actor, one)}
    said = [
        {"text": each["text"], "sources": [sources[number] for number in each["from"] if number in sources]}
        for each in one.said
    ]
    case = one.case
    may_edit = case is not None and request.actor.may("cases.edit", case)
    context = {
        "draft": one,
        "title": one.get_kind_display(),
        "said": said,
        "whole": " ".join(each["text"] for each in one.said),
        "sources": list(sources.values()),
        "back": _back(one),
        "about": one.case or one.party or one.interaction,
        "case": case if may_edit else None,
        "has_door": case is not None and may_edit and cases.has_door(case),
    }
    part = request.htmx and one.state == Draft.State.WAITING
    return HttpResponse(status=204) if part else render(request, "writing/draft.html", context)


@require_POST
def remove(request: StaffRequest, draft_id: int) -> HttpResponse:
    one = found(queries.draft, request.actor, draft_id)
    services.throw_away(request.actor, one)
    return done(request, _("The draft is gone."), after=_back(one))
