"""What is wrong with a mailbox is said in words, without its password, and told once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from conversations.mailboxes import stored
from enishi.core import clock
from enishi.mailboxes import imap, services
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Mailbox
from enishi.mailboxes.services.opening import account_of
from enishi.timeline.models import Notification
from factories import agent, manager
from mailboxes.conftest import now
from mailboxes.server import PASSWORD, USER, certificate, open_office

pytestmark = pytest.mark.django_db


def trouble(boss, box) -> tuple[str, str]:
    with pytest.raises(Failed) as caught:
        services.test(boss, box.pk)
    assert PASSWORD not in caught.value.said
    return caught.value.trouble, caught.value.said


def test_what_is_wrong_is_named(add, boss, monkeypatch):
    assert services.test(boss, add().pk) == 0
    assert trouble(boss, add(password="wrong & bad", folder="A")) == (
        "password",
        "Invalid authentication credentials.",
    )
    assert trouble(boss, add(folder="Nowhere")) == ("folder", "INBOX")
    assert trouble(boss, add(port=1, folder="B")) == ("unreached", "")
    assert trouble(boss, add(security="starttls", folder="D")) == ("tls", "")
    assert trouble(boss, add(security="tls", folder="E")) == ("tls", "")
    box = add(host="imap.kaze.invalid", folder="C")

    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert trouble(boss, box) == ("name", "")


def test_a_test_counts_what_would_be_read(add, boss, office):
    office.put(b"Subject: one\r\n\r\n1", b"Subject: two\r\n\r\n2")
    office.put(b"Subject: old\r\n\r\n3", at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert services.test(boss, add().pk) == 2
    assert stored() == []


def test_the_certificate_must_be_valid_for_the_host(add, boss, tmp_path, monkeypatch):
    context, trusted = certificate(tmp_path, "localhost")
    with open_office(context) as sealed:
        box = add(host="localhost", port=sealed.port, security="tls")
        # Nobody vouches for it.
        assert trouble(boss, box) == ("certificate", "")
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert services.test(boss, box.pk) == 0
        # It is for another host.
        other = add(host="127.0.0.1", port=sealed.port, security="tls", folder="Other")
        assert trouble(boss, other) == ("certificate", "")


def test_a_password_beyond_ascii_is_understood(add, boss):
    assert trouble(boss, add(password="gezeiten & flüsse"))[0] == "password"


def test_nothing_inside_our_own_network_is_asked(add, boss, settings, monkeypatch):
    box = add()
    sealed = add(security="tls", folder="Sealed")
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    asked = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: asked.append(args))
    assert trouble(boss, box)[0] == "private"
    assert trouble(boss, sealed)[0] == "private"
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *args, **kwargs: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 993))],
    )
    Mailbox.objects.unscoped("test").filter(pk=sealed.pk).update(host="imap.example.org")
    assert trouble(boss, sealed)[0] == "private" and asked == []
    with pytest.raises(services.MailboxError) as caught:
        add(folder="Plain")
    assert caught.value.field == "security"


@contextmanager
def speaking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that says what a test lets it say."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                while True:
                    with listening.accept()[0] as one:
                        talk(one)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _drip(one: socket.socket) -> None:
    pause = threading.Event()
    while not pause.wait(0.02):
        one.sendall(b"*")


def _flood(one: socket.socket) -> None:
    while True:
        one.sendall(b"* OK and on it goes\r\n" * 1000)


def _literal(one: socket.socket) -> None:
    one.sendall(b"* OK here {99999999999}\r\n")
    one.recv(1000)


def _web(one: socket.socket) -> None:
    one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("talk", "expected"),
    [(_drip, "timeout"), (_flood, "protocol"), (_literal, "protocol"), (_web, "protocol")],
)
def test_a_server_that_never_ends_holds_nobody(add, boss, monkeypatch, talk, expected):
    monkeypatch.setattr(imap, "TEST_S", 0.4)
    monkeypatch.setattr(imap, "CHATTER", 100_000)
    with speaking(talk) as port:
        assert trouble(boss, add(port=port))[0] == expected


def test_without_the_key_of_the_installation_nothing_is_asked(add, boss):
    box = add()
    Mailbox.objects.unscoped("test").update(sealed_password="gone")
    assert trouble(boss, box)[0] == "secret"
    services.read(box.pk)
    assert now(box).trouble == "secret"


def test_who_looks_after_it_is_told_once_and_attempts_grow_rarer(add, boss, office, where):
    agent(where)
    manager(where)
    box = add(password="wrong & bad")
    pauses = []
    for _attempt in range(4):
        services.read(box.pk)
        at = now(box).next_at
        pauses.append(round((at - clock.now()).total_seconds() / 60))
        # Its turn has not come yet.
        services.read(box.pk)
        Mailbox.objects.unscoped("test").update(next_at=None)
    assert pauses == [1, 2, 5, 15] and now(box).failures == 4
    (told,) = Notification.objects.all()
    assert (told.user_id, told.url) == (boss.user_id, f"/mailboxes/{box.pk}/")
    assert told.title == "The mailbox “Office” cannot be read. The server refused the user or the password."
    services.save(boss, box, draft(box, where, password=PASSWORD))
    services.read(box.pk)
    found = now(box)
    assert (found.trouble, found.failures, found.told, found.next_at) == ("", 0, False, None)
    assert found.read_at is not None


def draft(box, where, **values) -> services.Draft:
    given = {
        "name": box.name, "address": box.address, "host": box.host, "port": box.port, "security": box.security,
        "username": box.username, "folder": box.folder, "project": where, "confidentiality": box.confidentiality,
        "since": box.since,
    }  # fmt: skip
    return services.Draft(**{**given, **values})


def test_what_passes_by_itself_is_told_only_when_it_stays(add, boss):
    box = add(port=1)
    for attempt in range(1, 6):
        Mailbox.objects.unscoped("test").update(next_at=None)
        services.read(box.pk)
        assert Notification.objects.count() == (1 if attempt >= 4 else 0)
    assert now(box).trouble == "unreached"


def test_starttls_is_checked_before_the_password_is_said(add, boss, tmp_path, monkeypatch):
    context, trusted = certificate(tmp_path, "localhost")
    got: list[bytes] = []

    def talk(one: socket.socket) -> None:
        one.sendall(b"* OK here\r\n")
        while line := one.recv(1000):
            tag = line.split()[0]
            if b"STARTTLS" in line.upper():
                one.sendall(tag + b" OK done\r\n")
                with suppress(ssl.SSLError), context.wrap_socket(one, server_side=True) as inside:
                    tag = inside.recv(1000).split()[0]
                    inside.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
                    got.append(inside.recv(1000))
                return
            one.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK done\r\n")

    with speaking(talk) as port:
        box = add(host="localhost", port=port, security="starttls")
        assert trouble(boss, box)[0] == "certificate" and got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        trouble(boss, box)
    assert len(got) == 1 and USER.encode() in got[0]


def test_a_large_message_has_the_time_that_a_slow_line_needs(add, office, monkeypatch):
    box = add()
    office.put(b"Subject: Plans\r\nFrom: a@example.org\r\n\r\n" + b"x" * 400)
    waits = threading.Event()
    fetch = imap.IMAPClient.fetch

    def slowly(client, uids, parts):
        if parts == ["BODY.PEEK[]"]:
            waits.wait(1.5)
        return fetch(client, uids, parts)

    monkeypatch.setattr(imap.IMAPClient, "fetch", slowly)

    def read() -> int:
        with imap.opened(account_of(box), seconds=1) as server:
            ((_until, uids),) = server.new(after=0, since=box.since)
            return sum(len(letter.raw) for letter in server.letters(uids))

    with pytest.raises(Failed) as caught:
        read()
    assert caught.value.trouble == "timeout"
    # At so few bytes a second these would need minutes.
    monkeypatch.setattr(imap, "SLOWEST", 2)
    assert read() > 400
