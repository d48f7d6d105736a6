"""Services at which mailboxes sign in, and signing in there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import found, refused
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.core import clock, text
from enishi.mailboxes import queries, services
from enishi.mailboxes.forms import ProviderForm
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Mailbox, Provider, Trouble

BEGUN, BEGUN_AT_ONCE, BEGUN_S = "mailboxes.begun", 5, 900
"""What a session keeps of sign-ins that were begun: so many, for so many seconds."""


def here(mailbox_id: int) -> str:
    return reverse("mailboxes:mailbox", args=[mailbox_id])


def in_words(trouble: Trouble, said: str) -> str:
    more = ""
    if said and trouble == Trouble.FOLDER:
        more = _("There are: %(names)s.") % {"names": said}
    elif said:
        more = _("It says: %(words)s") % {"words": said}
    return f"{trouble.label} {more}".rstrip()


@never_cache
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
@needs_everywhere(queries.RIGHT)
def new_provider(request: StaffRequest) -> HttpResponse:
    asked = request.GET.get("kind", "")
    return _form(request, None, asked if asked in Provider.Kind.values else Provider.Kind.MICROSOFT)


@never_cache
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
@needs_everywhere(queries.RIGHT)
def provider(request: StaffRequest, provider_id: int) -> HttpResponse:
    one = found(queries.provider, request.actor, provider_id)
    return _form(request, one, one.kind)


@sensitive_variables("form")
def _form(request: StaffRequest, one: Provider | None, kind: str) -> HttpResponse:
    first: dict[str, Any] = {"name": Provider.Kind(kind).label if kind != Provider.Kind.OTHER else ""}
    if one is not None:
        first = {
            name: getattr(one, name)
            for name in ("name", "tenant", "client_id", "authorize_url", "token_url", "scope")
        }
    form = ProviderForm(
        kind,
        request.POST if request.method == "POST" else None,
        initial=first,
        has_secret=one is not None and bool(one.sealed_secret),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.save_provider(request.actor, one, form.draft())
        except services.MailboxError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("Saved. Mailboxes can sign in with it now."))
            return redirect("mailboxes:mailboxes")
    context = {
        "form": form,
        "provider": one,
        "kind": kind,
        "back": services.back(),
        "ways": [
            {"label": label, "url": f"?kind={value}", "current": value == kind}
            for value, label in Provider.Kind.choices
        ],
    }
    return render(request, "mailboxes/provider.html", context, status=422 if form.errors else 200)


@require_POST
@needs_everywhere(queries.RIGHT)
def remove_provider(request: StaffRequest, provider_id: int) -> HttpResponse:
    one = found(queries.provider, request.actor, provider_id)
    try:
        services.remove_provider(request.actor, one)
    except services.MailboxError as error:
        return refused(request, str(error), after=reverse("mailboxes:provider", args=[one.pk]))
    messages.success(request, _("It is removed."))
    return redirect("mailboxes:mailboxes")


@never_cache
@require_POST
def sign_in(request: StaffRequest, mailbox_id: int) -> HttpResponse:
    return onward(request, found(queries.mailbox, request.actor, mailbox_id))


@sensitive_variables("begun")
def onward(request: StaffRequest, box: Mailbox) -> HttpResponse:
    """On to the service. By a page of our own: the content policy lets no form lead to another site."""
    try:
        begun = services.begin_sign_in(request.actor, box.pk)
    except services.MailboxError as error:
        return refused(request, str(error), after=here(box.pk))
    kept = [one for one in request.session.get(BEGUN, []) if one["until"] > clock.now().timestamp()]
    mine = {
        "state": begun.state,
        "verifier": begun.verifier,
        "mailbox": box.pk,
        "provider": box.provider_id,
        "until": int(clock.now().timestamp()) + BEGUN_S,
    }
    request.session[BEGUN] = [*kept, mine][-BEGUN_AT_ONCE:]
    return render(request, "mailboxes/onward.html", {"mailbox": box, "url": begun.url})


@never_cache
@require_GET
@needs_everywhere(queries.RIGHT)
@sensitive_variables("begun")
def signed_in(request: StaffRequest) -> HttpResponse:
    """Back from the service, with a code or a reason. What was begun in this session counts, and counts once."""
    begun = _taken(request)
    if begun is None:
        words = _("This sign-in was not begun here, was used already, or took too long. Begin it again.")
        return refused(request, words, after=reverse("mailboxes:mailboxes"))
    box = found(queries.mailbox, request.actor, begun["mailbox"])
    code = request.GET.get("code", "")
    if not code:
        return refused(request, _said(request, box), after=here(box.pk))
    try:
        services.finish_sign_in(
            request.actor, box.pk, provider_id=begun["provider"], code=code, verifier=begun["verifier"]
        )
    except services.MailboxError as error:
        return refused(request, str(error), after=here(box.pk))
    except Failed as failed:
        # A code that is not taken is no permission that ended.
        trouble = Trouble.SERVICE if failed.trouble == Trouble.SIGN_IN else failed.trouble
        return refused(request, in_words(trouble, failed.said), after=here(box.pk))
    messages.success(request, _("Signed in. It is read within a minute."))
    return redirect("mailboxes:mailbox", box.pk)


def _taken(request: StaffRequest) -> dict[str, Any] | None:
    """What this session began under that state; it is gone from then on."""
    kept, state = request.session.get(BEGUN, []), request.GET.get("state", "")
    mine = [one for one in kept if one["state"] == state]
    if not mine:
        return None
    request.session[BEGUN] = [one for one in kept if one["state"] != state]
    return mine[0] if mine[0]["until"] > clock.now().timestamp() else None


def _said(request: StaffRequest, box: Mailbox) -> str:
    name = box.provider.name if box.provider else ""
    if request.GET.get("error") == "access_denied":
        return _("You went back before %(service)s had let you in. Nothing has changed.") % {"service": name}
    said = request.GET.get("error_description") or request.GET.get("error", "")
    return in_words(Trouble.SERVICE, " ".join(text.strip_bidi(text.clean(said)).split())[:300])
