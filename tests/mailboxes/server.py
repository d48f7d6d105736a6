"""A real IMAP server in this process, whose folders a test fills and spoils."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import threading
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.backend.dict.mailbox import MailboxData
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pysasl import SASLAuth
from pysasl.creds.plain import PlainCredentials
from pysasl.exception import AuthenticationError
from pysasl.mechanism import ChallengeResponse, ServerChallenge
from pysasl.mechanism.login import LoginMechanism
from pysasl.mechanism.oauth import OAuth2Mechanism
from pysasl.mechanism.plain import PlainMechanism

USER, PASSWORD = "office@tidewall.example", "ebb & flow 7"
REASON = b'{"status":"400","schemes":"Bearer","scope":"mail"}'


class ByToken(OAuth2Mechanism):
    """Lets in who tells a token that is good, exactly as the mechanism is written down; others are told why, and then refused."""

    def __init__(self, tokens: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self.tokens = tokens

    def server_attempt(self, responses: Sequence[ChallengeResponse]) -> tuple[Any, None]:
        if not responses:
            raise ServerChallenge(b"")
        good = {f"user={USER}\x01auth=Bearer {one}\x01\x01".encode() for one in self.tokens()}
        if bytes(responses[0].response) in good:
            return PlainCredentials(USER, PASSWORD), None
        if len(responses) == 1:
            raise ServerChallenge(REASON)
        if bytes(responses[1].response) != b"":
            raise AuthenticationError("a refusal is answered with nothing")
        return PlainCredentials(USER, "a token that is no good"), None


@dataclass
class PostOffice:
    """The account of ``USER`` on that server."""

    port: int
    loop: asyncio.AbstractEventLoop
    config: Any
    backend: Any
    tokens: set[str] = field(default_factory=set)
    """Who tells one of these is let in too."""

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def _folder(self, name: str) -> MailboxData:
        async with self.backend.login.demo_user_identity.new_session() as session:
            folders = session.mailbox_set
        if name != "INBOX" and name not in {entry.name for entry in (await folders.list_mailboxes()).list()}:
            await folders.add_mailbox(name)
        return await folders.get_mailbox(name)

    def put(self, *messages: bytes, folder: str = "INBOX", at: dt.datetime | None = None) -> None:
        """Deliver these."""

        async def work() -> None:
            there = await self._folder(folder)
            for raw in messages:
                came = at or dt.datetime.now(dt.UTC)
                await there.append(AppendMessage(raw, came, frozenset()), recent=True)

        self._do(work())

    def renumber(self, folder: str = "INBOX") -> None:
        """Number the messages anew, from 1, as a server does that was restored."""

        async def work() -> None:
            there = await self._folder(folder)
            messages = [there._messages[uid] for uid in sorted(there._messages)]
            there._uid_validity, there._max_uid = there._uid_validity + 1, len(messages)
            there._messages.clear()
            for uid, message in enumerate(messages, 1):
                there._messages[uid] = type(message).copy(message, uid=uid)

        self._do(work())

    def seen(self, folder: str = "INBOX") -> tuple[int, int]:
        """How many messages there are, and how many of them somebody marked."""

        async def work() -> tuple[int, int]:
            there = await self._folder(folder)
            flags = [message.permanent_flags for message in there._messages.values()]
            return len(flags), sum(bool(each) for each in flags)

        return self._do(work())


@contextmanager
def open_office(context: ssl.SSLContext | None = None) -> Iterator[PostOffice]:
    """Run one; with a context it speaks TLS from the beginning."""
    arguments = Namespace(
        debug=False, host=["127.0.0.1"], port="0", cert=None, key=None, tls=False, proxy_protocol=None,
        demo_data=False, demo_user=USER, demo_password=PASSWORD, passlib_cfg=None,
    )  # fmt: skip
    started: list[PostOffice] = []
    ready, leave = threading.Event(), asyncio.Event()

    async def run() -> None:
        backend, config = await DictBackend.init(arguments, invalid_user_sleep=0.0)
        config.apply_context()
        auth = SASLAuth([PlainMechanism(), LoginMechanism(), ByToken(lambda: started[0].tokens)])
        config.__class__ = type("Config", (type(config),), {"tls_auth": auth, "initial_auth": auth})
        callback = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
        server = await asyncio.start_server(callback, host="127.0.0.1", port=0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        started.append(PostOffice(port, asyncio.get_running_loop(), config, backend))
        ready.set()
        async with server:
            await leave.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield started[0]
    finally:
        started[0].loop.call_soon_threadsafe(leave.set)
        thread.join(10)


def certificate(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """What a server of that name shows, and the file by which it is trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, private = folder / "server.pem", folder / "server.key"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, private)
    return context, shown
