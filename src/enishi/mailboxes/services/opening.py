"""As whom a mailbox is opened: by its password, or by the token that a sign-in service gives, renewed before it ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from cryptography.fernet import InvalidToken
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from enishi.accounts.sealing import seal, unseal
from enishi.core import clock
from enishi.mailboxes import imap, oauth, smtp
from enishi.mailboxes.imap import Account, Failed, Server
from enishi.mailboxes.models import Mailbox, SignIn, Trouble
from enishi.mailboxes.oauth import Given
from enishi.mailboxes.services.providers import client_of

PASSWORD, TOKEN = "mailbox", "mailbox token"
EARLY = dt.timedelta(minutes=5)
"""A token is renewed so long before it ends: no job is cut off in the middle."""


@contextmanager
def opened_to_read(box: Mailbox, *, seconds: float) -> Iterator[Server]:
    """The folder of a mailbox, opened. It and what it is asked raise Failed."""
    with ExitStack() as stack:
        account = account_of(box)
        try:
            server = stack.enter_context(imap.opened(account, seconds=seconds))
        except Failed as failed:
            again = _anew(box, account, failed)
            server = stack.enter_context(imap.opened(again, seconds=seconds))
        yield server


@contextmanager
def opened_to_send(box: Mailbox, *, size: int = 0) -> Iterator[BaseEmailBackend]:
    """The way out of a mailbox, opened for a mail of that size. Raises Failed before anything is handed over."""
    with ExitStack() as stack:
        account = account_of(box)
        try:
            way = stack.enter_context(smtp.opened(box, account))
        except Failed as failed:
            way = stack.enter_context(smtp.opened(box, _anew(box, account, failed)))
        smtp.be_patient(way, size)
        yield way


def _anew(box: Mailbox, account: Account, failed: Failed) -> Account:
    """With another token, after the first was refused: it may have been withdrawn before its time. Raises Failed."""
    if failed.trouble != Trouble.TOKEN or box.provider_id is None:
        raise failed
    return _account(box, _token(box, refused=account.password), by_token=True)


def account_of(box: Mailbox) -> Account:
    """Where it is read and as whom. Raises Failed when the secret cannot be read, or nobody is signed in."""
    if box.provider_id is not None:
        return _account(box, _token(box), by_token=True)
    password = password_of(box)
    if password is None:
        raise Failed(Trouble.SECRET)
    return _account(box, password)


def _account(box: Mailbox, secret: str, *, by_token: bool = False) -> Account:
    return Account(box.host, box.port, box.security, box.username, secret, box.folder, by_token)


def password_of(box: Mailbox) -> str | None:
    try:
        return unseal(box.sealed_password, PASSWORD)
    except InvalidToken:
        return None


@transaction.atomic
def _token(box: Mailbox, *, refused: str = "") -> str:
    """A token that is good for some minutes at least. One job renews it while the others wait for what it gets."""
    rows = SignIn.objects.select_related("mailbox__provider")
    row = rows.select_for_update(no_key=True, of=("self",)).filter(mailbox=box.pk).first()
    provider = row.mailbox.provider if row is not None else None
    if row is None or provider is None:
        raise Failed(Trouble.SIGN_IN)
    try:
        access, refresh = unseal(row.sealed_access, TOKEN), unseal(row.sealed_refresh, TOKEN)
    except InvalidToken:
        raise Failed(Trouble.SIGN_IN) from None
    if access != refused and row.until > clock.now() + EARLY:
        return access
    client = client_of(provider)
    if client is None:
        raise Failed(Trouble.CLIENT)
    given = oauth.renew(client, refresh)
    put(row, given)
    row.save(update_fields=["sealed_access", "sealed_refresh", "until"])
    return given.access


def put(row: SignIn, given: Given) -> None:
    """Seal what was given into that row."""
    row.sealed_access, row.until = seal(given.access, TOKEN), given.until
    if given.refresh:
        row.sealed_refresh = seal(given.refresh, TOKEN)
