"""What the machine suggests becomes a mark by a person, or is refused; and whether it reads along at all."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from enishi.accounts.requests import StaffRequest
from enishi.themes import services
from enishi.themes.models import Suggestion
from enishi.themes.queries import machine as asked
from enishi.themes.views.marking import done


def _require(request: StaffRequest, suggestion_id: int) -> Suggestion:
    """404 out of scope, 403 where nothing may be marked."""
    request.actor.require("conversations.view")
    try:
        found = asked.suggestion(request.actor, suggestion_id)
    except Suggestion.DoesNotExist:
        raise Http404 from None
    request.actor.require("conversations.edit", found.interaction)
    return found


@require_POST
def keep(request: StaffRequest, suggestion_id: int) -> HttpResponse:
    """Make a suggestion a mark of one's own."""
    found = _require(request, suggestion_id)
    try:
        made = services.accept_suggestion(request.actor, found.pk)
    except services.ThemeError as error:
        messages.error(request, str(error))
        return redirect("conversations:interaction", found.interaction_id)
    return done(request, made, _("The passage is marked."))


@require_POST
def refuse(request: StaffRequest, suggestion_id: int) -> HttpResponse:
    found = _require(request, suggestion_id)
    services.refuse_suggestion(request.actor, found.pk)
    messages.success(request, _("The machine will not suggest this again."))
    return redirect(f"{reverse('conversations:interaction', args=[found.interaction_id])}#themes")


@require_POST
def switch(request: StaffRequest) -> HttpResponse:
    """On, off, or everything once more."""
    if "again" in request.POST:
        services.read_again(request.actor)
        messages.success(request, _("Everything will be read again, the newest first."))
    else:
        services.switch_machine(request.actor, on="on" in request.POST)
    return redirect("themes:setup")
