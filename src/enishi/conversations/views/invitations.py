"""Inviting people to a meeting, and what they answered."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.access import Level
from enishi.conversations import queries, services
from enishi.conversations.forms import InvitationForm
from enishi.conversations.models import Interaction, Invitee
from enishi.conversations.views.lookup import EDIT, actor_of, interaction_or_404


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """Who is invited, and what they are told."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    actor.require(EDIT, found)
    if not queries.may_be_invited_to(found):
        raise Http404
    services.view_interaction(actor, found, how="invite")
    if request.method == "GET":
        listed = queries.guests(actor, found)
        known = queries.invited(actor, found)
        chosen = [one.token for one in listed if one.is_invited]
        if known is None:
            chosen = [
                one.token
                for one in listed
                if not one.why and (one.user is None or one.user.pk != actor.user_id)
            ]
        return _form(request, found, InvitationForm(initial=_first(found, known)), chosen)
    form, chosen = InvitationForm(request.POST), request.POST.getlist("who")
    if form.is_valid():
        try:
            services.invite(actor, found, tokens=chosen, **form.cleaned_data)
        except services.ConversationError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("The invitations are on their way."))
            return redirect("conversations:interaction", found.pk)
    return _form(request, found, form, chosen)


def _first(found: Interaction, known: queries.Invited | None) -> dict[str, Any]:
    """What was sent before; else the words of the meeting, unless they are confidential."""
    if known is not None:
        before = known.invitation
        return {
            "title": before.title,
            "place": before.place,
            "words": before.text,
            "minutes": found.minutes or before.minutes,
        }
    told = found.confidentiality < Level.CONFIDENTIAL
    return {
        "title": found.subject[:200] if told else "",
        "place": found.place if told else "",
        "minutes": found.minutes or services.USUAL_MINUTES,
    }


def _form(request: HttpRequest, found: Interaction, form: InvitationForm, chosen: list[str]) -> HttpResponse:
    actor = actor_of(request)
    context = {
        "one": found,
        "form": form,
        "guests": queries.guests(actor, found),
        "chosen": chosen,
        "nameless": queries.nameless(actor, found),
        "known": queries.invited(actor, found),
        "sealed": found.confidentiality >= Level.CONFIDENTIAL,
        "zone": timezone.get_current_timezone_name(),
    }
    return render(request, "conversations/invite.html", context, status=422 if form.errors else 200)


@require_POST
def call_off(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """Tell everybody invited that it does not take place."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    if services.call_off(actor, found) is not None:
        messages.success(request, _("Called off. Everybody invited is told by e-mail."))
    return redirect("conversations:interaction", found.pk)


@require_POST
def note_answer(request: HttpRequest, interaction_id: int, invitee_id: int) -> HttpResponse:
    """Write down what somebody answered in another way."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    try:
        services.note_answer(
            actor,
            found,
            invitee_id,
            answer=request.POST.get("answer", ""),
            note=request.POST.get("note", ""),
        )
    except Invitee.DoesNotExist:
        raise Http404 from None
    except services.ConversationError as error:
        messages.error(request, str(error))
    return redirect("conversations:interaction", found.pk)


@require_GET
def own_file(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """The meeting for one's own calendar."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    services.view_interaction(actor, found, how="calendar")
    data = services.own_file(
        found,
        time_zone=timezone.get_current_timezone_name(),
        language=translation.get_language() or "en",
    )
    answer = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="meeting-{found.pk}.ics"'
    return answer
