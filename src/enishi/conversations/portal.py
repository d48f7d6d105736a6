"""The page on which somebody invited answers, by the link in their mail.

Opening it answers nothing: programs that look through mails open every link. A link that never was ours and one that was
taken back get the same words.
"""

from __future__ import annotations

import zoneinfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from enishi.accounts.open_pages import place, private, slow_down, too_often
from enishi.conversations import queries, services
from enishi.conversations.forms import AnswerForm
from enishi.conversations.models import Invitee
from enishi.core import clock, formats


@private
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """What one is invited to, and the answer to it."""
    found = queries.behind_token(token)
    if found is None:
        if too_often("invitation", place(request), most=30, seconds=900):
            return slow_down(request)
        return render(request, "conversations/public/nothing.html", status=404)
    if request.method == "GET":
        return _page(request, found, AnswerForm(initial={"answer": found.answer, "note": found.note}))
    if too_often("answer", str(found.pk), most=20, seconds=3600):
        return slow_down(request)
    form = AnswerForm(request.POST)
    if form.is_valid():
        kept = services.answer_invitation(token, **form.cleaned_data)
        found = queries.behind_token(token) or found
        return _page(request, found, form, kept=kept is not None)
    return _page(request, found, form, status=422)


def _page(
    request: HttpRequest, found: Invitee, form: AnswerForm, *, kept: bool = False, status: int = 200
) -> HttpResponse:
    invitation = found.invitation
    zone = zoneinfo.ZoneInfo(found.user.time_zone if found.user else invitation.time_zone)
    context = {
        "found": found,
        "invitation": invitation,
        "when": formats.format_datetime(
            invitation.starts_at,
            translation.get_language() or "en",
            today=timezone.localdate(clock.now()),
            tz=zone,
            long=True,
        ),
        "zone": zone.key,
        "over": queries.is_over(invitation),
        "form": form,
        "chosen": str(form["answer"].value() or ""),
        "kept": kept,
    }
    return render(request, "conversations/public/answer.html", context, status=status)
