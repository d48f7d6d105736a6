"""web: requests a second, 8 clients on persistent connections, mixed pages of the demo, 2 workers."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.harness import Figure, alternating, empty, p95, report, say, set_up

CLIENTS = 8
SECONDS = 6
WORKERS = 2


def run() -> None:
    set_up()
    empty()
    from django.conf import settings
    from django.db import connection

    from enishi.accounts.models import User
    from enishi.config import demo, static
    from enishi.contacts.models import Party
    from enishi.conversations.models import Interaction

    static.publish(Path(settings.STATIC_ROOT))
    demo.create()
    email = demo.accounts()[0][0]
    user = User.objects.get(email=email)
    cookie = _session(user)
    people = Party.objects.unscoped("bench").filter(deleted_at__isnull=True).values_list("pk", flat=True)[:50]
    talks = Interaction.objects.unscoped("bench").values_list("pk", flat=True)[:20]
    pages = [
        "/",
        "/people/",
        "/promises/",
        "/conversations/",
        "/search/suggest/?q=ta",
        "/people/?sort=-last_contact",
    ]
    pages += [f"/people/{pk}/" for pk in people] + [f"/conversations/{pk}/" for pk in talks]
    url = os.environ.get("DATABASE_URL") or _database_url()
    connection.close()
    environment = {**os.environ, "DATABASE_URL": url, "ENISHI_ALLOWED_HOSTS": "127.0.0.1"}
    with (
        _server("enishi.config.wsgi:application", 8871, environment),
        _server("bench._empty_page:application", 8872, environment),
    ):
        _check(8871, pages, cookie)
        times: list[float] = []
        ours, theirs = alternating(
            lambda: _load(8871, pages, cookie, times), lambda: _load(8872, ["/"], cookie, []), rounds=3
        )
    say(
        f"{ours:.0f} requests/s over {len(pages)} pages, p95 {p95(times) * 1000:.0f} ms; the empty page {theirs:.0f}/s"
    )
    report(
        Figure(
            "web", ours, "requests/s", ours / theirs, "an empty Django page with one query and one template"
        )
    )


def _session(user: Any) -> str:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _database_url() -> str:
    from enishi.config import postgres

    return postgres.ensure_running(Path(os.environ["ENISHI_DATA_DIR"]))


@contextmanager
def _server(target: str, port: int, environment: dict[str, str]) -> Iterator[None]:
    from enishi.config.cli.processes import THREADS

    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--no-access-log", "--log-level", "error", target,
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    try:
        for _ in range(200):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/")
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _get(connection: http.client.HTTPConnection, path: str, cookie: str) -> int:
    connection.request("GET", path, headers={"Cookie": cookie, "Host": "127.0.0.1"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _check(port: int, pages: Sequence[str], cookie: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path in pages:
        status = _get(connection, path, cookie)
        assert status == 200, f"{path} answered {status}"


def _load(port: int, pages: Sequence[str], cookie: str, times: list[float]) -> float:
    """Requests a second that eight clients get, each asking for the next page as soon as it has one."""
    until = time.perf_counter() + SECONDS
    counts = [0] * CLIENTS

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        turn = number * 7
        while (began := time.perf_counter()) < until:
            _get(connection, pages[turn % len(pages)], cookie)
            times.append(time.perf_counter() - began)
            counts[number] += 1
            turn += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS
