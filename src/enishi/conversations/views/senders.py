"""The review queue: who wrote and is nobody yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.answers import found
from enishi.contacts.queries.protected import offered
from enishi.contacts.services import ContactError
from enishi.conversations import queries, services
from enishi.conversations.models import UnknownSender
from enishi.conversations.views.lookup import EDIT, VIEW, actor_of
from enishi.conversations.views.pages import views_of
from enishi.core.parameters import in_address, moment_and_id, number, words

PAGE = 30


@require_GET
def senders(request: HttpRequest) -> HttpResponse:
    """Unknown addresses, the last message first."""
    actor = actor_of(request)
    actor.require(VIEW)
    listed = queries.senders(actor, after=moment_and_id(request.GET.get("after")), limit=PAGE + 1)
    more, listed = len(listed) > PAGE, listed[:PAGE]
    last = listed[-1].sender if more else None
    next_url = f"?{urlencode({'after': in_address(last.last_at, last.pk)})}" if last and last.last_at else ""
    return render(
        request,
        "conversations/senders.html",
        {
            "listed": listed,
            "total": queries.senders_count(actor),
            "next_url": next_url,
            "may_settle": actor.may(EDIT),
            "may_create": actor.may("contacts.edit") and offered(actor, "email", change=True),
            "views": views_of(actor, senders=True),
        },
    )


@require_GET
def candidates(request: HttpRequest, sender_id: int) -> HttpResponse:
    """Contacts that this address may belong to, while one types."""
    actor = actor_of(request)
    actor.require(EDIT)
    sender = _sender(request, sender_id)
    typed = words(request.GET.get("q")) or sender.name or sender.address.partition("@")[0]
    found = [one for one in queries.people_found(actor, typed) if one.token.startswith("party:")]
    template = "conversations/sender_candidates.html" if request.htmx else "conversations/sender_join.html"  # type: ignore[attr-defined]
    return render(request, template, {"sender": sender, "found": found, "typed": typed})


def _sender(request: HttpRequest, sender_id: int) -> UnknownSender:
    return found(queries.sender, actor_of(request), sender_id)


@require_POST
def create(request: HttpRequest, sender_id: int) -> HttpResponse:
    name = request.POST.get("name", "")
    return _settle(
        request,
        sender_id,
        lambda actor, sender: services.create_from_sender(actor, sender, name=name),
        _("%(address)s is a new contact."),
    )


@require_POST
def join(request: HttpRequest, sender_id: int) -> HttpResponse:
    party_id = number(request.POST.get("party")) or 0
    return _settle(
        request,
        sender_id,
        lambda actor, sender: services.join_sender(actor, sender, party_id=party_id),
        _("%(address)s was joined."),
    )


@require_POST
def ignore(request: HttpRequest, sender_id: int) -> HttpResponse:
    return _settle(request, sender_id, services.ignore_sender, _("%(address)s is left aside."))


def _settle(
    request: HttpRequest, sender_id: int, decide: Callable[[Any, UnknownSender], object], words: str
) -> HttpResponse:
    sender = _sender(request, sender_id)
    try:
        decide(actor_of(request), sender)
    except (services.ConversationError, ContactError) as error:
        messages.error(request, str(error))
    else:
        undo = reverse("conversations:sender_reopen", args=[sender_id])
        messages.success(request, words % {"address": sender.address}, extra_tags=undo)
    return redirect("conversations:senders")


@require_POST
def reopen(request: HttpRequest, sender_id: int) -> HttpResponse:
    """Undo of a decision."""
    services.reopen_sender(actor_of(request), _sender(request, sender_id))
    return redirect("conversations:senders")
