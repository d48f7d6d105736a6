"""A page as a request answers it, and its SQL run alone: the very statements that it ran, on the same connection."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def sizes(name: str) -> list[tuple[int, str]]:
    """How many contacts to measure with, and what the figure is called; ENISHI_BENCH_PARTIES=100000 takes that size only."""
    found = [(100_000, f"{name}.100k"), (1_000_000, name)]
    wanted = os.environ.get("ENISHI_BENCH_PARTIES")
    return [size for size in found if not wanted or size[0] == int(wanted)]


def signed_in_client(user: object) -> Any:
    """A test client with the published static files, signed in as that user."""
    from django.conf import settings
    from django.test import Client

    from enishi.config import static, wsgi  # noqa: F401  the process stands as a web worker does

    static.publish(Path(settings.STATIC_ROOT))
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(user)
    return client


def reader(email: str, role_name: str, projects: Sequence[Any] = ()) -> Any:
    """Somebody with every right, in those projects or everywhere, cleared for what is internal."""
    from enishi.accounts.access import Level, rights
    from enishi.accounts.models import Grant, Role, User

    user, made = User.objects.get_or_create(email=email, defaults={"name": "Reader"})
    if made:
        user.set_unusable_password()
        user.save()
        role = Role.objects.create(name=role_name, codes=sorted(rights()), clearance=Level.INTERNAL)
        for project in projects or [None]:
            Grant.objects.create(role=role, user=user, project=project)
    return user


def page_and_sql(client: Any, url: str) -> tuple[Callable[[], float], Callable[[], float]]:
    """Two functions that answer seconds: of the page, and of its reading statements alone."""
    from django.db import connection

    ran: list[tuple[str, object]] = []

    def remember(execute: Any, sql: str, params: object, many: bool, context: object) -> Any:
        if not many and sql.lstrip().upper().startswith(("SELECT", "WITH", "(SELECT")):
            ran.append((sql, params))
        return execute(sql, params, many, context)

    client.get(url)
    with connection.execute_wrapper(remember):
        answer = client.get(url)
    assert answer.status_code == 200, answer.status_code

    def page() -> float:
        began = time.perf_counter()
        client.get(url)
        return time.perf_counter() - began

    def alone() -> float:
        began = time.perf_counter()
        with connection.connection.cursor() as cursor:
            for sql, params in ran:
                cursor.execute(sql, params)
                cursor.fetchall()
        return time.perf_counter() - began

    return page, alone


def cpu_of(client: Any, url: str, times: int = 12) -> float:
    """Seconds of processor time of this process for one page."""
    began = time.process_time()
    for _n in range(times):
        client.get(url)
    return (time.process_time() - began) / times
