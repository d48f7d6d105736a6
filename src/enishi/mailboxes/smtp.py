"""Giving mail to the server of a mailbox, whose address somebody typed: never inside our own network, and always encrypted outside."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from enishi.core.outside import connect
from enishi.mailboxes.imap import SLOWEST, Account, Failed, harmless, trouble_of, xoauth2
from enishi.mailboxes.models import Mailbox, Trouble

SILENT_S = 10
PATIENT_S = 120
"""So long a server may take with a whole mail, for it looks into it before it answers; who gave up sooner would send it twice."""


class _Guarded:
    """Connects to the address that was checked."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = connect(host, port, timeout)
        context = getattr(self, "context", None)
        return made if context is None else context.wrap_socket(made, server_hostname=host)


class _Plain(_Guarded, smtplib.SMTP):
    """Also for STARTTLS, where TLS begins later."""

    context = None


class _Sealed(_Guarded, smtplib.SMTP_SSL):
    pass


class _ByToken:
    """Tells a token of a sign-in service where others tell a password."""

    def login(self: Any, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:
        self.ehlo_or_helo_if_needed()
        if "XOAUTH2" not in self.esmtp_features.get("auth", "").upper().split():
            raise smtplib.SMTPNotSupportedError("no XOAUTH2")
        told = xoauth2(user, password)
        # A challenge is the reason of a refusal, and answered with nothing.
        answer: tuple[int, bytes] = self.auth(
            "XOAUTH2", lambda challenge=None: told if challenge is None else ""
        )
        return answer


class _PlainByToken(_ByToken, _Plain):
    pass


class _SealedByToken(_ByToken, _Sealed):
    pass


class _Backend(EmailBackend):
    by_token = False
    _partial_connection: smtplib.SMTP | None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        if self.by_token:
            return _SealedByToken if self.use_ssl else _PlainByToken
        return _Sealed if self.use_ssl else _Plain


@contextmanager
def opened(box: Mailbox, account: Account) -> Iterator[EmailBackend]:
    """The way out of a mailbox, as that account: whatever is sent meanwhile goes through it. Raises Failed before."""
    if box.smtp_security == Mailbox.Security.NONE and not settings.ENV.private_services:
        raise Failed(Trouble.PRIVATE)
    way = _Backend(
        host=box.smtp_host,
        port=box.smtp_port,
        username=account.username,
        password=account.password,
        use_tls=box.smtp_security == Mailbox.Security.STARTTLS,
        use_ssl=box.smtp_security == Mailbox.Security.TLS,
        timeout=SILENT_S,
    )
    way.by_token = account.by_token
    try:
        with _in_words(account):
            way.open()
    except Failed:
        # Django leaves open what was half opened.
        if way._partial_connection is not None:
            way._partial_connection.close()
        raise
    try:
        yield way
    finally:
        # What was taken was taken, also where the server goes without a farewell.
        with suppress(OSError):
            way.close()


def be_patient(way: EmailBackend, size: int) -> None:
    """Let a mail of that size go over a slow line: the time of a socket is for all that is sent at once."""
    sock = way.connection.sock if way.connection is not None else None
    if sock is not None:
        sock.settimeout(PATIENT_S + size / SLOWEST)


@contextmanager
def _in_words(account: Account) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        said = error.smtp_error
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise Failed(
            Trouble.TOKEN if account.by_token else Trouble.PASSWORD, harmless(words, account)
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise Failed(Trouble.TOKEN if account.by_token else Trouble.TLS) from None
    except (OSError, ValueError) as error:
        raise Failed(trouble_of(error)) from None
