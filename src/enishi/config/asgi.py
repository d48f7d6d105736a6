"""The live process: server-sent events for signed-in people, at /live/stream.

A reverse proxy gives it to browsers below the address of the pages. Without one, pages call this port directly: the
session cookie is sent along because cookies do not regard ports, and only the origins of this installation are let in.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

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
from enishi.core.live import CHANNEL  # noqa: E402

HEARTBEAT_S = 15.0
SIGN_IN_CHECK_S = 60.0
"""A stream outlives a revoked session by no more than this."""

hub = Hub()
_sign_in_checks = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sign-in")


def _signed_in_user(session_key: str | None) -> int | None:
    if not session_key:
        return None
    close_old_connections()
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    close_old_connections()
    return user.pk if user.is_authenticated else None


async def _user_of(request: Request) -> int | None:
    key = request.cookies.get(settings.SESSION_COOKIE_NAME)
    return await asyncio.get_running_loop().run_in_executor(_sign_in_checks, _signed_in_user, key)


async def stream(request: Request) -> Response:
    origin = request.headers.get("origin")
    if origin is not None and origin not in settings.ENV.origins:
        return PlainTextResponse("This origin may not listen.", 403)
    user_id = await _user_of(request)
    if user_id is None:
        return PlainTextResponse("Sign in first.", 401)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, user_id), media_type="text/event-stream", headers=headers)


async def _events(request: Request, user_id: int) -> AsyncIterator[bytes]:
    with hub.subscribe(user_id) as queue:
        yield b"retry: 3000\n\n"
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
                if await _user_of(request) != user_id:
                    return
                check_at = time.monotonic() + SIGN_IN_CHECK_S


async def health(request: Request) -> Response:
    return PlainTextResponse("ok")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey")
    url = make_conninfo(**{name: parameters[name] for name in names if parameters.get(name)})
    async with listening(hub, url, CHANNEL):
        yield


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
