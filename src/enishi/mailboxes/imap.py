"""Asking an IMAP server whose address somebody typed: read only, within limits of size and time, and never inside our own network."""

from __future__ import annotations

import datetime as dt
import imaplib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from imapclient import IMAPClient

from enishi.core.outside import ForbiddenAddress, connect
from enishi.mailboxes.models import Mailbox, Trouble

SILENT_S, TEST_S = 10, 15
"""Seconds without a byte, and for a whole test."""
BIG = 50 * 2**20
"""Larger messages are set aside with their headers."""
CHATTER = 4 * 2**20
"""So much may come beside what was asked for."""
SLOWEST = 256 * 2**10
"""Bytes a second: a large message has the time that such a line needs for it, or it would be begun again for ever."""
HEADERS = 64 * 2**10
AT_ONCE = 50_000
"""So many numbers are looked through with one question; the answer is one line, whose length is limited."""
_PIECE = 64 * 2**10
_CODE = re.compile(r"\[([A-Z-]+)[^\]]*\]")


class Failed(Exception):
    """The mailbox could not be read; ``said`` are the words of the server, if it said any."""

    def __init__(self, trouble: Trouble, said: str = "") -> None:
        super().__init__(trouble)
        self.trouble, self.said = trouble, said


@dataclass(frozen=True)
class Account:
    """Where and as whom to read."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    folder: str
    by_token: bool = False
    """The password is a token of a sign-in service, and told as such."""


@dataclass(frozen=True)
class Letter:
    """A message as it lies in the folder. Of one that is too ``big``, ``raw`` is the beginning of its headers."""

    uid: int
    raw: bytes
    came_at: dt.datetime | None
    big: bool = False


class _Watch:
    """Ends what is waited for when the time is over. Timeouts of a socket begin anew with every byte: who drips must not hold us."""

    def __init__(self, seconds: float) -> None:
        self.over, self.allowed = False, CHATTER
        self.plug: socket.socket | None = None
        self._ends = time.monotonic() + seconds
        self._timer = self._started()

    def _started(self) -> threading.Timer:
        timer = threading.Timer(max(0.0, self._ends - time.monotonic()), self._end)
        timer.daemon = True
        timer.start()
        return timer

    def longer(self, seconds: float) -> None:
        self._ends += seconds

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        made = connect(host, port, timeout)
        # Of its own, so that it can be pulled while another thread reads.
        self.plug = made.dup()
        return made

    def take(self, size: int) -> None:
        self.allowed -= size
        if self.allowed < 0:
            raise imaplib.IMAP4.abort("more came than was asked for")

    def _end(self) -> None:
        if time.monotonic() < self._ends:
            self._timer = self._started()
            return
        self.over = True
        self.pull()

    def pull(self) -> None:
        with suppress(OSError):
            if self.plug is not None:
                self.plug.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._timer.cancel()
        if self.plug is not None:
            self.plug.close()


class _Connection(imaplib.IMAP4):
    """A connection to the address that was checked, which reads no more than is allowed."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, watch: _Watch) -> None:
        self.context, self.watch = context, watch
        super().__init__(host, port, SILENT_S)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        made = self.watch.connect(self.host, self.port, timeout or SILENT_S)
        if self.context is None:
            return made
        try:
            return self.context.wrap_socket(made, server_hostname=self.host)
        except BaseException:
            made.close()
            raise

    def read(self, size: int) -> bytes:
        self.watch.take(size)
        pieces = []
        while size > 0 and (piece := super().read(min(size, _PIECE))):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def readline(self) -> bytes:
        line = super().readline()
        self.watch.take(len(line))
        return line


class _Client(IMAPClient):
    def __init__(self, watch: _Watch, account: Account) -> None:
        self.watch = watch
        super().__init__(
            account.host,
            account.port,
            ssl=account.security == Mailbox.Security.TLS,
            ssl_context=ssl.create_default_context(),
            timeout=SILENT_S,
        )
        self.normalise_times = False
        # imaplib would log every line; what goes over the wire is nobody's but the two sides'.
        self._imap.debug = 0

    def _create_IMAP4(self) -> _Connection:
        return _Connection(self.host, self.port, self.ssl_context if self.ssl else None, self.watch)


class Server:
    """A folder that was opened for reading only."""

    def __init__(self, client: Any, account: Account, uid_validity: int, uid_next: int) -> None:
        self._client, self._account = client, account
        self.uid_validity, self._last = uid_validity, uid_next - 1

    def new(self, *, after: int, since: dt.date) -> Iterator[tuple[int, list[int]]]:
        """Up to which number was looked, and the numbers of messages there that came since that day; the oldest first."""
        while after < self._last:
            until = min(after + AT_ONCE, self._last)
            with self._speaking(0):
                found = self._client.search(["UID", f"{after + 1}:{until}", "SINCE", since])
            yield until, sorted(uid for uid in found if after < uid <= until)
            after = until

    def letters(self, uids: Sequence[int]) -> Iterator[Letter]:
        """Messages one by one, each read when it is asked for; without those that are gone meanwhile."""
        with self._speaking(0):
            facts = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        for uid in uids:
            if uid not in facts:
                continue
            size, came_at = facts[uid].get(b"RFC822.SIZE", 0), facts[uid].get(b"INTERNALDATE")
            big = size > BIG
            self._client.watch.longer((HEADERS if big else size) / SLOWEST)
            with self._speaking(HEADERS if big else BIG):
                part = f"BODY.PEEK[HEADER]<0.{HEADERS}>" if big else "BODY.PEEK[]"
                found = self._client.fetch([uid], [part])
            for key, value in found.get(uid, {}).items():
                if key.startswith(b"BODY["):
                    yield Letter(uid, value or b"", came_at, big)

    @contextmanager
    def _speaking(self, size: int) -> Iterator[None]:
        self._client.watch.allowed = size + CHATTER
        with _in_words(self._account, self._client.watch):
            yield


@contextmanager
def opened(account: Account, *, seconds: float) -> Iterator[Server]:
    """The folder of that account, for so many seconds at most. It and what it is asked raise Failed."""
    if account.security == Mailbox.Security.NONE and not settings.ENV.private_services:
        raise Failed(Trouble.PRIVATE)
    watch = _Watch(seconds)
    try:
        with _in_words(account, watch):
            client = _Client(watch, account)
        try:
            with _in_words(account, watch):
                server = _signed_in(client, account)
            yield server
        finally:
            _leave(client)
    finally:
        watch.close()


def _signed_in(client: Any, account: Account) -> Server:
    if account.security == Mailbox.Security.STARTTLS:
        if not client.has_capability("STARTTLS"):
            raise Failed(Trouble.TLS)
        client.starttls(ssl.create_default_context())
    try:
        _log_in(client, account)
    except imaplib.IMAP4.error as error:
        if isinstance(error.__context__, imaplib.IMAP4.abort):
            raise error.__context__ from None
        raise Failed(Trouble.TOKEN if account.by_token else Trouble.PASSWORD, str(error)) from None
    try:
        found = client.select_folder(account.folder, readonly=True)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise Failed(Trouble.FOLDER, _others(client) or str(error)) from None
    return Server(client, account, found.get(b"UIDVALIDITY", 0), found.get(b"UIDNEXT", 0))


def _log_in(client: Any, account: Account) -> None:
    if account.by_token:
        told = xoauth2(account.username, account.password).encode()
        # Whoever is refused gets a challenge with the reason, and has to answer it with nothing before the refusal comes.
        client.sasl_login("XOAUTH2", lambda challenge: b"" if challenge else told)
        return
    # The plain command knows ASCII only.
    plain = (account.username + account.password).isascii()
    (client.login if plain else client.plain_login)(account.username, account.password)


def xoauth2(user: str, token: str) -> str:
    """How a token is told to a mail server."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def _others(client: Any) -> str:
    """The folders that are there, for whoever mistyped one."""
    names = [name for flags, _delimiter, name in client.list_folders() if b"\\Noselect" not in flags]
    return ", ".join(sorted(map(str, names), key=lambda name: (name != "INBOX", name))[:12])


def _leave(client: Any) -> None:
    client.watch.allowed = CHATTER
    try:
        client.logout()
    except (imaplib.IMAP4.error, OSError, ValueError):
        with suppress(OSError):
            client.shutdown()


@contextmanager
def _in_words(account: Account, watch: _Watch) -> Iterator[None]:
    try:
        yield
    except Failed as failed:
        trouble = Trouble.TIMEOUT if watch.over else failed.trouble
        raise Failed(trouble, "" if watch.over else harmless(failed.said, account)) from None
    except (OSError, imaplib.IMAP4.error, UnicodeError, ValueError) as error:
        trouble = Trouble.TIMEOUT if watch.over else trouble_of(error)
        said = str(error) if trouble == Trouble.PROTOCOL else ""
        raise Failed(trouble, harmless(said, account)) from None


def trouble_of(error: Exception) -> Trouble:
    kinds: list[tuple[Any, Trouble]] = [
        (ForbiddenAddress, Trouble.PRIVATE),
        (socket.gaierror, Trouble.NAME),
        (UnicodeError, Trouble.NAME),
        (ssl.SSLCertVerificationError, Trouble.CERTIFICATE),
        (ssl.SSLError, Trouble.TLS),
        (TimeoutError, Trouble.TIMEOUT),
        (imaplib.IMAP4.error, Trouble.PROTOCOL),
        (ValueError, Trouble.PROTOCOL),
    ]
    return next((trouble for kind, trouble in kinds if isinstance(error, kind)), Trouble.UNREACHED)


def harmless(said: str, account: Account) -> str:
    """The words of a server without its codes, and never with the password."""
    for secret in (account.password, repr(account.password)[1:-1]):
        said = said.replace(secret, "…") if secret else said
    # imaplib shows bytes as Python writes them.
    said = re.sub(r"^b(['\"])(.*)\1$", r"\2", said.strip())
    return " ".join(_CODE.sub("", said).replace("\x00", "").split())[:300]
