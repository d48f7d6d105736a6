"""Setting up mailboxes, and looking at what came from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.access import Actor, Level
from enishi.accounts.answers import chosen_project, done, found, refused
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.content.models import File
from enishi.conversations.mail import is_reply_subject
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.queries import interaction
from enishi.conversations.queries.interactions import visible_participants
from enishi.core import storage
from enishi.core.formats import counted
from enishi.core.parameters import numbers, words
from enishi.mailboxes import queries, services
from enishi.mailboxes.forms import MailboxForm, ReplyForm
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Mailbox, Trouble

SHOWN = 64 * 2**10
"""So much of a message that could not be read is shown."""
_FIRST = (
    "name", "address", "host", "port", "security", "username", "folder", "since", "confidentiality",
    "smtp_host", "smtp_port", "smtp_security",
)  # fmt: skip


@require_GET
@needs_everywhere(queries.RIGHT)
def mailboxes(request: StaffRequest) -> HttpResponse:
    listed = [(one, _trouble(one)) for one in queries.mailboxes(request.actor)]
    return render(request, "mailboxes/mailboxes.html", {"listed": listed})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@needs_everywhere(queries.RIGHT)
def new(request: StaffRequest) -> HttpResponse:
    return _form(request, None)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    return _form(request, found(queries.mailbox, request.actor, mailbox_id))


@sensitive_variables("form")
def _form(request: StaffRequest, one: Mailbox | None) -> HttpResponse:
    first: dict[str, Any] = {
        "since": queries.first_day(),
        "project": chosen_project(request),
        "confidentiality": Level.INTERNAL,
    }
    if one is not None:
        first = {**{name: getattr(one, name) for name in _FIRST}, "project": one.project_id}
    form = MailboxForm(
        request.actor,
        request.POST if request.method == "POST" else None,
        initial=first,
        has_password=one is not None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save(request.actor, one, form.draft())
        except services.MailboxError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("Saved. It is read within a minute."))
            return redirect("mailboxes:mailbox", saved.pk)
    return render(
        request, "mailboxes/form.html", {"form": form, "mailbox": one}, status=422 if form.errors else 200
    )


@require_GET
def mailbox(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    """Whether it is read, what came, and what could not be read."""
    one = found(queries.mailbox, request.actor, mailbox_id)
    context = {
        "mailbox": one,
        "trouble": _trouble(one),
        "days": queries.days(one),
        "set_aside": queries.set_aside(request.actor, one),
        "own": _here(one.pk),
    }
    return render(request, "mailboxes/mailbox.html", context)


def _trouble(one: Mailbox) -> str:
    return _in_words(Trouble(one.trouble), one.said) if one.trouble else ""


def _in_words(trouble: Trouble, said: str) -> str:
    words = str(trouble.label)
    if said and trouble == Trouble.FOLDER:
        return f"{words} {_('There are: %(names)s.') % {'names': said}}"
    return f"{words} {_('It says: %(words)s') % {'words': said}}" if said else words


def _here(mailbox_id: int) -> str:
    return reverse("mailboxes:mailbox", args=[mailbox_id])


@require_POST
def test(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    """Ask the server now; nothing is stored."""
    one = found(queries.mailbox, request.actor, mailbox_id)
    try:
        there = services.test(request.actor, one.pk)
    except Failed as failed:
        return refused(request, _in_words(failed.trouble, failed.said), after=_here(one.pk))
    words = ngettext(
        "The connection works. The folder holds %(count)s message to read.",
        "The connection works. The folder holds %(count)s messages to read.",
        there,
    )
    return done(request, words % {"count": counted(there)}, after=_here(one.pk))


@require_POST
def read(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    one = found(queries.mailbox, request.actor, mailbox_id)
    try:
        services.read_now(request.actor, one.pk)
    except services.MailboxError as error:
        return refused(request, str(error), after=_here(one.pk))
    return done(request, _("It is being read."), after=_here(one.pk))


@require_POST
def switch(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    one = found(queries.mailbox, request.actor, mailbox_id)
    on = request.POST.get("on") == "1"
    services.switch(request.actor, one.pk, on=on)
    words = _("It is read again.") if on else _("It is not read any more. What came is kept.")
    return done(request, words, after=_here(one.pk))


@require_POST
def remove(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    one = found(queries.mailbox, request.actor, mailbox_id)
    services.remove(request.actor, one.pk)
    messages.success(request, _("The mailbox is removed. What came from it is kept."))
    return redirect("mailboxes:mailboxes")


@require_GET
def aside(request: StaffRequest, mailbox_id: int, aside_id: int) -> HttpResponse:
    """One message that could not be read, as it came."""
    one = found(queries.mailbox, request.actor, mailbox_id)
    kept = found(queries.one_aside, request.actor, one, aside_id)
    try:
        with storage.path_of(kept.sha256).open("rb") as file:
            raw = file.read(SHOWN)
    except (OSError, ValueError):
        # Its bytes went when somebody was erased.
        raise Http404 from None
    context = {
        "mailbox": one,
        "kept": kept,
        "raw": raw.decode("utf-8", "replace").replace("\x00", "\ufffd"),
        "whole": kept.size <= SHOWN,
    }
    return render(request, "mailboxes/aside.html", context)


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
