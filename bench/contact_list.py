"""contact_list: the list as a request answers it, against the SQL of the same page run alone.

A reader with rights in five of twenty projects: first page, filtered by words, by fields, by last contact, sorted the other
way, and the 1,000th page by keyset. Printed for 1,000,000 contacts and for 100,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench._pages import cpu_of, page_and_sql, reader, signed_in_client, sizes
from bench.data import ensure
from bench.harness import ROUNDS, Figure, p95, report, say, set_up

REPEATS = 12


@dataclass(frozen=True)
class Shape:
    name: str
    url: str


def run() -> None:
    set_up()
    for parties, name in sizes("contact_list"):
        ensure(parties)
        _measure(parties, name)


def _measure(parties: int, name: str) -> None:
    client = signed_in_client(_reader())
    ours: list[float] = []
    floors: list[float] = []
    for shape in _shapes(parties):
        page, alone = page_and_sql(client, shape.url)
        page(), alone()
        mine: list[float] = []
        theirs: list[float] = []
        for _round in range(ROUNDS * REPEATS):
            mine.append(page())
            theirs.append(alone())
        ours += mine
        floors += theirs
        cpu = cpu_of(client, shape.url)
        say(
            f"{shape.name}: p95 {p95(mine) * 1000:.1f} ms, of which SQL {p95(theirs) * 1000:.1f} ms; CPU {cpu * 1000:.1f} ms"
        )
        report(_figure(f"{name}.{shape.name}", mine, theirs))
    report(_figure(name, ours, floors))


def _figure(name: str, ours: list[float], floors: list[float]) -> Figure:
    value = p95(ours) * 1000
    return Figure(name, value, "ms", p95(ours) / p95(floors), "p95 of the SQL of the same page, run alone")


def _reader() -> Any:
    """A reader of the first five projects."""
    from enishi.accounts.models import Project

    return reader("reader@bench.example", "Bench", list(Project.objects.order_by("pk")[:5]))


def _shapes(parties: int) -> list[Shape]:
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
