"""contact_list: the list as a request answers it, against the SQL of the same page run alone.

A reader with rights in five of twenty projects: first page, filtered by words, by fields, by last contact, sorted the other
way, and the 1,000th page by keyset. Printed for 1,000,000 contacts and for 100,000.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.data import ensure
from bench.harness import ROUNDS, Figure, p95, report, say, set_up

REPEATS = 12
SIZES = ((100_000, "contact_list.100k"), (1_000_000, "contact_list"))


@dataclass(frozen=True)
class Shape:
    name: str
    url: str


def run() -> None:
    set_up()
    from django.conf import settings

    from enishi.config import static

    static.publish(Path(settings.STATIC_ROOT))
    for parties, name in SIZES:
        ensure(parties)
        _measure(parties, name)


def _measure(parties: int, name: str) -> None:
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(_reader())
    ours: list[float] = []
    floors: list[float] = []
    for shape in _shapes(client, parties):
        page, alone = _pair(client, shape.url)
        page(), alone()
        mine: list[float] = []
        theirs: list[float] = []
        for _round in range(ROUNDS * REPEATS):
            mine.append(page())
            theirs.append(alone())
        ours += mine
        floors += theirs
        cpu = _cpu(client, shape.url)
        say(
            f"{shape.name}: p95 {p95(mine) * 1000:.1f} ms, of which SQL {p95(theirs) * 1000:.1f} ms; CPU {cpu * 1000:.1f} ms"
        )
        report(_figure(f"{name}.{shape.name}", mine, theirs))
    report(_figure(name, ours, floors))


def _figure(name: str, ours: list[float], floors: list[float]) -> Figure:
    value = p95(ours) * 1000
    return Figure(name, value, "ms", p95(ours) / p95(floors), "p95 of the SQL of the same page, run alone")


def _reader() -> object:
    from enishi.accounts.access import rights
    from enishi.accounts.models import Grant, Project, Role, User

    user, made = User.objects.get_or_create(email="reader@bench.example", defaults={"name": "Reader"})
    if made:
        user.set_unusable_password()
        user.save()
        role = Role.objects.create(name="Bench", codes=sorted(rights()), clearance=1)
        for project in Project.objects.order_by("pk")[:5]:
            Grant.objects.create(role=role, user=user, project=project)
    return user


def _shapes(client: object, parties: int) -> list[Shape]:
    from enishi.contacts.queries import tree

    def filtered(*leaves: tree.Leaf) -> str:
        return f"/people/?f={tree.encode(tree.Node('and', leaves))}"

    shapes = [
        Shape("first", "/people/"),
        Shape("words", filtered(tree.Leaf("text", "has", ["佐藤 葵"]))),
        Shape("fields", filtered(tree.Leaf("language", "is", ["fa"]), tree.Leaf("status", "is", ["active"]))),
        Shape("silent", filtered(tree.Leaf("last_contact", "older", ["60"])) + "&sort=-last_contact"),
        Shape("sorted", "/people/?sort=last_contact"),
    ]
    return [*shapes, Shape("page1000", _thousandth(parties))]


def _thousandth(parties: int) -> str:
    """The address of the 1,000th page, or of the last one where there are fewer."""
    from enishi.accounts.access import Via
    from enishi.accounts.queries import actor
    from enishi.contacts.queries import lists

    reader = actor(_reader(), via=Via.JOB)
    found = lists.matching_parties(reader, lists.ListSpec()).order_by("sort_key", "id")
    at = min(999 * lists.PAGE, parties // 5) - 1
    cursor = lists.encode_cursor(found[at], "sort_key", backward=False)
    return f"/people/?cursor={cursor}&place={at + 1}"


def _pair(client: object, url: str) -> tuple[Callable[[], float], Callable[[], float]]:
    """The page, and its SQL alone: the very statements that it ran, on the same connection."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ran: list[tuple[str, object]] = []

    def remember(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if not many and sql.lstrip().upper().startswith("SELECT"):
            ran.append((sql, params))
        return execute(sql, params, many, context)

    client.get(url)  # type: ignore[attr-defined]
    with connection.execute_wrapper(remember), CaptureQueriesContext(connection):
        answer = client.get(url)  # type: ignore[attr-defined]
    assert answer.status_code == 200, answer.status_code

    def page() -> float:
        began = time.perf_counter()
        client.get(url)  # type: ignore[attr-defined]
        return time.perf_counter() - began

    def alone() -> float:
        began = time.perf_counter()
        with connection.connection.cursor() as cursor:
            for sql, params in ran:
                cursor.execute(sql, params)
                cursor.fetchall()
        return time.perf_counter() - began

    return page, alone


def _cpu(client: object, url: str) -> float:
    """Processor time of this process for one page: what a worker spends besides waiting for the database."""
    began = time.process_time()
    for _n in range(REPEATS):
        client.get(url)  # type: ignore[attr-defined]
    return (time.process_time() - began) / REPEATS
