"""Setting up mailboxes, and looking at what came from them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.access import Level
from enishi.accounts.answers import chosen_project, done, found, refused
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.core import storage
from enishi.core.formats import counted
from enishi.mailboxes import queries, services
from enishi.mailboxes.forms import MailboxForm
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Mailbox, Trouble
from enishi.mailboxes.views.providers import here, in_words, onward

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
    context = {"listed": listed, "providers": queries.providers(request.actor)}
    return render(request, "mailboxes/mailboxes.html", context)


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
        first = {
            **{name: getattr(one, name) for name in _FIRST},
            "project": one.project_id,
            "provider": one.provider_id,
        }
    form = MailboxForm(
        request.actor,
        request.POST if request.method == "POST" else None,
        initial=first,
        has_password=one is not None and one.provider_id is None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save(request.actor, one, form.draft())
        except services.MailboxError as error:
            form.add_error(error.field or None, str(error))
        else:
            if queries.is_signed_in(saved):
                messages.success(request, _("Saved. It is read within a minute."))
                return redirect("mailboxes:mailbox", saved.pk)
            return onward(request, saved)
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
        "own": here(one.pk),
        "signed_in": queries.is_signed_in(one),
    }
    return render(request, "mailboxes/mailbox.html", context)


def _trouble(one: Mailbox) -> str:
    return in_words(Trouble(one.trouble), one.said) if one.trouble else ""


@require_POST
def test(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    """Ask the server now; nothing is stored."""
    one = found(queries.mailbox, request.actor, mailbox_id)
    try:
        there = services.test(request.actor, one.pk)
    except Failed as failed:
        return refused(request, in_words(failed.trouble, failed.said), after=here(one.pk))
    words = ngettext(
        "The connection works. The folder holds %(count)s message to read.",
        "The connection works. The folder holds %(count)s messages to read.",
        there,
    )
    return done(request, words % {"count": counted(there)}, after=here(one.pk))


@require_POST
def read(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    one = found(queries.mailbox, request.actor, mailbox_id)
    try:
        services.read_now(request.actor, one.pk)
    except services.MailboxError as error:
        return refused(request, str(error), after=here(one.pk))
    return done(request, _("It is being read."), after=here(one.pk))


@require_POST
def switch(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    one = found(queries.mailbox, request.actor, mailbox_id)
    on = request.POST.get("on") == "1"
    services.switch(request.actor, one.pk, on=on)
    words = _("It is read again.") if on else _("It is not read any more. What came is kept.")
    return done(request, words, after=here(one.pk))


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
