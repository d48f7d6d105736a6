"""A real SMTP server in this process, which keeps what it takes and lets in who may read the mailbox."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from mailboxes.server import PASSWORD, USER

# It tells of every connection, from its own thread, also after the test's own output was closed.
logging.getLogger("mail").setLevel(logging.CRITICAL)


class Running(Controller):
    def _trigger_server(self) -> None:
        # It chose a free port itself.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Server:
    """Recipients, message and bytes of each mail that it took."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[Any] = []
        self.refuses = False
        self.thinks_s = 0.0
        self.tokens: set[str] = set()
        self.disabled = ""

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        told = base64.b64decode(args[1]).decode()
        if self.disabled:
            return AuthResult(success=False, handled=False, message=self.disabled)
        if told in {f"user={USER}\x01auth=Bearer {one}\x01\x01" for one in self.tokens}:
            return AuthResult(success=True, auth_data=LoginPassword(USER.encode(), b""))
        # Who is refused is told why, and has to answer with nothing.
        answer = await server.challenge_auth('{"status":"400","schemes":"Bearer"}')
        assert answer == b""
        return AuthResult(success=False, handled=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses:
            return "554 not here"
        await asyncio.sleep(self.thinks_s)
        read = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.got.append((envelope.rcpt_tos, read, envelope.content))
        return "250 taken"


@contextmanager
def open_smtp() -> Iterator[Server]:
    there = Server()

    def knows(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    running = Running(there, hostname="127.0.0.1", port=0, authenticator=knows, auth_require_tls=False)
    running.start()
    there.port = running.port
    try:
        yield there
    finally:
        running.stop()
