"""The live process: server-sent events for signed-in people, at /live/stream.

A reverse proxy gives it to browsers below the address of the pages. Without one, pages call this port directly: the
session cookie is sent along because cookies do not regard ports, and only the origins of this installation are let in.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import django
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import close_old_connections, connection  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from psycopg.conninfo import make_conninfo  # noqa: E402

from enishi.config.live import Hub, listening  # noqa: E402
from enishi.config.presence import TOLD_AGAIN_S, Person, Rooms, enters, nobody  # noqa: E402
from enishi.core.live import CHANNEL  # noqa: E402

HEARTBEAT_S = 15.0
SIGN_IN_CHECK_S = 60.0
"""A stream outlives a revoked session by no more than this."""

_sign_in_checks = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sign-in")


def _say(said: Mapping[str, Any]) -> None:
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, json.dumps(said)])
    close_old_connections()


def _announce(said: Mapping[str, Any]) -> None:
    _sign_in_checks.submit(_say, said)


rooms = Rooms(_announce)
hub = Hub(rooms.heard)


@dataclass(frozen=True)
class Listener:
    """Who listens, and as whom they are shown at the record of their page."""

    user_id: int
    person: Person | None = None


def _signed_in(session_key: str | None, of: str, edits: bool) -> Listener | None:
    if not session_key:
        return None
    close_old_connections()
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    found = None
    if user.is_authenticated:
        person = enters(user, request.session, of, edits=edits) if of else None
        found = Listener(user.pk, person)
    close_old_connections()
    return found


async def _listener(request: Request) -> Listener | None:
    key = request.cookies.get(settings.SESSION_COOKIE_NAME)
    asked = request.query_params
    return await asyncio.get_running_loop().run_in_executor(
        _sign_in_checks, _signed_in, key, asked.get("of", ""), "edits" in asked
    )


async def stream(request: Request) -> Response:
    origin = request.headers.get("origin")
    if origin is not None and origin not in settings.ENV.origins:
        return PlainTextResponse("This origin may not listen.", 403)
    listener = await _listener(request)
    if listener is None:
        return PlainTextResponse("Sign in first.", 401)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, listener), media_type="text/event-stream", headers=headers)


async def _events(request: Request, listener: Listener) -> AsyncIterator[bytes]:
    with hub.subscribe(listener.user_id) as queue:
        yield b"retry: 3000\n\n"
        visit = rooms.enter(request.query_params["of"], listener.person, queue) if listener.person else None
        try:
            check_at = time.monotonic() + SIGN_IN_CHECK_S
            while True:
                try:
                    message = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    yield b": still here\n\n"
                else:
                    if message is None:
                        return
                    yield message.encode()
                if time.monotonic() > check_at:
                    now = await _listener(request)
                    if now is None or now.user_id != listener.user_id:
                        return
                    if visit and now.person is None:
                        rooms.drop(visit)
                        yield nobody(visit.room).encode()
                        visit = None
                    check_at = time.monotonic() + SIGN_IN_CHECK_S
        finally:
            if visit:
                rooms.leave(visit)


async def _tell_again() -> None:
    while True:
        await asyncio.sleep(TOLD_AGAIN_S)
        rooms.tell_again()


async def health(request: Request) -> Response:
    return PlainTextResponse("ok")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey")
    url = make_conninfo(**{name: parameters[name] for name in names if parameters.get(name)})
    telling = asyncio.create_task(_tell_again())
    async with listening(hub, url, CHANNEL):
        yield
    telling.cancel()


application = Starlette(
    routes=[Route("/live/stream", stream), Route("/live/health", health)],
    middleware=[
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.ENV.origins),
            allow_credentials=True,
            allow_methods=["GET"],
        )
    ],
    lifespan=lifespan,
)
