"""Giving mail to the server of a mailbox, whose address somebody typed: never inside our own network, and always encrypted outside."""

from __future__ import annotations

import smtplib
import socket
from typing import Any

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from enishi.core.outside import ForbiddenAddress, connect
from enishi.mailboxes.imap import Failed, trouble_of
from enishi.mailboxes.models import Mailbox, Trouble

SILENT_S = 10


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


class _Backend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Sealed if self.use_ssl else _Plain


def way_out(box: Mailbox, password: str) -> Any:
    """Through which a mail of that mailbox goes. Raises ForbiddenAddress for a server that is asked without encryption."""
    if box.smtp_security == Mailbox.Security.NONE and not settings.ENV.private_services:
        raise ForbiddenAddress(box.smtp_host)
    return _Backend(
        host=box.smtp_host,
        port=box.smtp_port,
        username=box.username,
        password=password,
        use_tls=box.smtp_security == Mailbox.Security.STARTTLS,
        use_ssl=box.smtp_security == Mailbox.Security.TLS,
        timeout=SILENT_S,
    )


def try_out(box: Mailbox, password: str) -> None:
    """Whether the server lets that user in; nothing is sent. Raises Failed."""
    try:
        backend = way_out(box, password)
        backend.open()
        backend.close()
    except smtplib.SMTPAuthenticationError:
        raise Failed(Trouble.PASSWORD) from None
    except smtplib.SMTPNotSupportedError:
        raise Failed(Trouble.TLS) from None
    except OSError as error:
        raise Failed(trouble_of(error)) from None
