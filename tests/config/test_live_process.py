"""The live process as it runs: only signed-in people of this installation's pages may listen, and it stops at once."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from enishi.accounts.models import User
from enishi.core.live import push
from factories import agent, outsider, party, project

pytestmark = pytest.mark.django_db(transaction=True)


class LiveProcess:
    def __init__(self, port: int) -> None:
        self.port = port
        self.clients: list[http.client.HTTPConnection] = []
        self.responses: list[http.client.HTTPResponse] = []
        names = settings.DATABASES["default"]
        url = f"postgresql://{names['USER']}@/{connection.settings_dict['NAME']}?host={quote(names['HOST'])}"
        environment = {**os.environ, "DATABASE_URL": url, "ENISHI_LIVE_PORT": str(port)}
        self.process = subprocess.Popen([sys.executable, "-m", "enishi.config.cli", "live"], env=environment)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        self.clients.append(client)
        client.request("GET", path, headers=headers)
        response = client.getresponse()
        self.responses.append(response)
        return response

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with self.get("/live/health") as response:
                    assert response.read() == b"ok"
                    return
            except OSError:
                continue
        raise AssertionError("the live process does not answer")


@pytest.fixture
def live() -> Iterator[LiveProcess]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = LiveProcess(port)
    try:
        running.wait()
        yield running
    finally:
        for opened in (*running.responses, *running.clients):
            opened.close()
        running.process.terminate()
        running.process.wait()


def _cookie(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _event(stream: http.client.HTTPResponse) -> list[str]:
    """The lines of the next event, leaving out the notice that earlier messages may be missed."""
    lines: list[str] = []
    while line := stream.readline().decode().rstrip("\n"):
        lines.append(line)
    return _event(stream) if lines == ["event: missed", "data: {}"] else lines


def test_who_may_listen_hears_what_is_theirs(live: LiveProcess) -> None:
    user = User.objects.create(email="ada@enishi.example", name="Ada")
    cookie, origin = _cookie(user), settings.ENV.origins[0]
    assert live.get("/live/stream").status == 401
    assert live.get("/live/stream", Cookie=f"{settings.SESSION_COOKIE_NAME}=guessed").status == 401
    foreign = live.get("/live/stream", Cookie=cookie, Origin="http://elsewhere.example")
    assert (foreign.status, foreign.getheader("Access-Control-Allow-Origin")) == (403, None)
    user.is_active = False
    user.save()
    assert live.get("/live/stream", Cookie=cookie, Origin=origin).status == 401
    user.is_active = True
    user.save()

    stream = live.get("/live/stream", Cookie=cookie, Origin=origin)
    assert stream.status == 200
    assert stream.getheader("Content-Type") == "text/event-stream; charset=utf-8"
    assert stream.getheader("Access-Control-Allow-Origin") == origin
    assert stream.getheader("Access-Control-Allow-Credentials") == "true"
    assert _event(stream) == ["retry: 3000"]
    push(user.pk + 1, "task", {"id": 1})
    push(user.pk, "task", {"id": 2})
    push(None, "news", {"text": "佐藤"})
    assert _event(stream) == ["event: task", 'data: {"id":2}']
    assert _event(stream) == ["event: news", 'data: {"text":"佐藤"}']

    began = time.monotonic()
    live.process.terminate()
    assert live.process.wait(10) == 0
    assert time.monotonic() - began < 5


def test_two_who_look_at_one_contact_see_each_other_and_a_stranger_sees_nobody(live: LiveProcess) -> None:
    where = project("Tidewall East")
    aoi = party(where, "Tanaka Aoi")
    users = [User.objects.get(pk=one.user_id) for one in (agent(where), agent(where), outsider())]
    for user, name in zip(users, ("Ada", "Bo", "Stranger"), strict=True):
        user.name = name
        user.save()
    address = f"/live/stream?of=contacts.party-{aoi.pk}"
    first = live.get(address, Cookie=_cookie(users[0]))
    assert _event(first) == ["retry: 3000"]
    assert _event(first) == ["event: here", f'data: {{"of":"contacts.party-{aoi.pk}","people":[]}}']
    stranger = live.get(address, Cookie=_cookie(users[2]))
    assert _event(stranger) == ["retry: 3000"]
    second = live.get(f"{address}&edits=1", Cookie=_cookie(users[1]))
    assert _event(second) == ["retry: 3000"]
    assert '"people":[{"name":"Ada","edits":false}]' in _event(second)[1]
    assert '"people":[{"name":"Bo","edits":true}]' in _event(first)[1]
    push(users[2].pk, "task", {"id": 2})
    assert _event(stranger) == ["event: task", 'data: {"id":2}']
    second.close()
    live.clients[-1].close()
    assert '"people":[]' in _event(first)[1]


def test_a_message_that_postgresql_would_refuse_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="longer than 7999 bytes"):
        push(None, "news", {"text": "x" * 8000})
