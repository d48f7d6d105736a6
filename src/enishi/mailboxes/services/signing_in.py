"""Signing in for a mailbox: on to the service, and back with a code that only we can turn into tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.core import clock
from enishi.mailboxes import oauth, queries, signals
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Mailbox, Provider, SignIn, Trouble
from enishi.mailboxes.oauth import Client
from enishi.mailboxes.services.errors import MailboxError
from enishi.mailboxes.services.opening import put
from enishi.mailboxes.services.providers import back, client_of
from enishi.mailboxes.services.setup import forget_trouble, locked, read_when_on, told_of


@dataclass(frozen=True)
class Begun:
    """Where to go on to; ``state`` and ``verifier`` are for the session of whoever began."""

    url: str
    state: str
    verifier: str = field(repr=False)


def begin_sign_in(actor: Actor, mailbox_id: int) -> Begun:
    """Begin to sign in for a mailbox. Raises MailboxError."""
    found, _provider, client = _asked(actor, mailbox_id)
    state = secrets.token_urlsafe(32)
    try:
        url, verifier = oauth.begin(client, state=state, back=back(), user=found.username)
    except Failed as failed:
        raise MailboxError(str(failed.trouble.label)) from None
    return Begun(url, state, verifier)


def finish_sign_in(actor: Actor, mailbox_id: int, *, provider_id: int, code: str, verifier: str) -> Mailbox:
    """Keep what the service gives for that code; the mailbox is read at once. Raises MailboxError, or Failed with what is wrong."""
    _found, provider, client = _asked(actor, mailbox_id)
    if provider.pk != provider_id:
        raise MailboxError(_("The mailbox signs in somewhere else by now. Begin again."))
    given = oauth.fetch(client, code=code, verifier=verifier, back=back())
    if not given.refresh:
        raise MailboxError(
            _(
                "The service let us in only for a moment. Let the client have lasting access (offline access, a refresh "
                "token) there, then sign in again."
            )
        )
    with transaction.atomic():
        found = locked(actor, mailbox_id)
        if found.provider_id != provider.pk:
            raise MailboxError(_("The mailbox signs in somewhere else by now. Begin again."))
        row = SignIn.objects.filter(mailbox=found).first() or SignIn(mailbox=found)
        row.user_id, row.signed_at = actor.own_id, clock.now()
        put(row, given)
        row.save()
        forget_trouble(found)
        found.save()
        told_of(actor, signals.mailbox_signed_in, found, data={"provider": provider.name})
        read_when_on(found)
    return found


def _asked(actor: Actor, mailbox_id: int) -> tuple[Mailbox, Provider, Client]:
    found = queries.mailbox(actor, mailbox_id)
    if found.provider is None:
        raise MailboxError(_("This mailbox is opened by its password."))
    client = client_of(found.provider)
    if client is None:
        raise MailboxError(str(Trouble.CLIENT.label))
    return found, found.provider, client
