"""Answering an e-mail from its page, with files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.access import Actor
from enishi.accounts.answers import done, found, refused
from enishi.accounts.requests import StaffRequest
from enishi.content.models import File
from enishi.conversations.mail import is_reply_subject
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.queries import interaction
from enishi.conversations.queries.interactions import visible_participants
from enishi.core.parameters import numbers, words
from enishi.mailboxes import queries, services
from enishi.mailboxes.forms import ReplyForm


@require_http_methods(["GET", "POST"])
def reply(request: StaffRequest, interaction_id: int) -> HttpResponse:
    """Answer an e-mail through a mailbox of its project."""
    question = found(interaction, request.actor, interaction_id)
    request.actor.require(queries.EDIT, question)
    ways = queries.ways_out(request.actor, question)
    if not ways:
        raise Http404
    if request.method != "POST":
        return _reply_page(request, question, ReplyForm(ways, initial=_prefilled(request.actor, question)))
    form = ReplyForm(ways, request.POST, request.FILES)
    good = form.is_valid()
    held = numbers(request.POST.getlist("held")) + _hold(request, question, form)
    if request.POST.get("do") == "look":
        # What was written stands there again, and is not judged yet.
        refusals = list(form.errors.get("uploads", ()))
        form = ReplyForm(ways, initial=request.POST.dict())
        return _reply_page(request, question, form, held=held, refusals=refusals, looking=True)
    unsure: Sequence[File] = ()
    if good and form.is_valid():
        box = next(one for one in ways if one.pk == form.cleaned_data["mailbox"])
        try:
            services.reply(
                request.actor,
                question,
                box,
                to=form.addresses("to"),
                cc=form.addresses("cc"),
                subject=form.cleaned_data["subject"],
                body=form.cleaned_data["text"],
                held=held,
                kept=numbers(request.POST.getlist("kept")),
                sure=numbers(request.POST.getlist("sure")),
            )
        except services.MailboxError as error:
            form.add_error(error.field or None, str(error))
            unsure = error.files if isinstance(error, services.Unsure) else ()
        else:
            messages.success(request, _("It is being sent."))
            return redirect("conversations:interaction", question.pk)
    return _reply_page(request, question, form, held=held, unsure=unsure)


def _hold(request: StaffRequest, question: Interaction, form: ReplyForm) -> list[int]:
    """Keep what was put into the form, so that it is there also when the rest has to be written again."""
    kept = []
    for one in form.cleaned_data.get("uploads", ()):
        try:
            made = services.hold(
                request.actor, question, name=one.name or "", data=one.file or one, size=one.size or 0
            )
        except services.MailboxError as error:
            form.add_error(error.field, str(error))
        else:
            kept.append(made.pk)
    return kept


def _reply_page(
    request: StaffRequest,
    question: Interaction,
    form: ReplyForm,
    *,
    held: Sequence[int] = (),
    unsure: Sequence[File] = (),
    refusals: Sequence[Any] = (),
    looking: bool = False,
) -> HttpResponse:
    actor, sought = request.actor, words(request.POST.get("q"))
    chosen = queries.kept(actor, question, numbers(request.POST.getlist("kept")))
    there = {one.pk for one in chosen}
    sure = set(numbers(request.POST.getlist("sure")))
    context = {
        "form": form,
        "question": question,
        "back": reverse("conversations:interaction", args=[question.pk]),
        "held": queries.held(actor, question, held) if held else [],
        "chosen": chosen,
        # Whoever agreed once does not agree again after another mistake.
        "unsure": [*unsure, *(one for one in chosen if one.pk in sure and one not in unsure)],
        "sure": sure,
        "refusals": refusals,
        "sought": sought,
        "looking": looking,
        "others": [one for one in queries.files_like(actor, question, sought) if one.pk not in there]
        if looking
        else [],
        "may_upload": queries.may_upload(actor, question),
        "most": services.MOST_BYTES,
    }
    return render(request, "mailboxes/reply.html", context, status=422 if form.errors or refusals else 200)


def _prefilled(actor: Actor, question: Interaction) -> dict[str, str]:
    """To whoever wrote, or to whom we wrote; copies to whoever else had one and is not one of us."""
    ours, roles = set(queries.addresses()), Participant.Role
    people = visible_participants(actor, [question.pk])
    others = [one for one in people if one.user_id is None and one.shown_address not in {"", *ours}]
    asked = roles.FROM if question.direction == Interaction.Direction.IN else roles.TO
    to = [one.shown_address for one in others if one.role == asked]
    cc = [
        one.shown_address
        for one in others
        if one.role in {roles.TO, roles.CC} and one.shown_address not in to
    ]
    subject = question.subject if is_reply_subject(question.subject) else f"Re: {question.subject}"
    return {"to": ", ".join(to), "cc": ", ".join(cc), "subject": subject[:200]}


@require_POST
def again(request: StaffRequest, reply_id: int) -> HttpResponse:
    sent = found(services.send_again, request.actor, reply_id)
    return done(
        request, _("It is being sent."), after=reverse("conversations:interaction", args=[sent.question_id])
    )


@require_POST
def drop(request: StaffRequest, reply_id: int) -> HttpResponse:
    try:
        question = found(services.drop, request.actor, reply_id)
    except services.MailboxError as error:
        return refused(request, str(error), after=reverse("conversations:interactions"))
    return done(
        request, _("It is thrown away."), after=reverse("conversations:interaction", args=[question.pk])
    )
