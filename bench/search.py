"""search: 200 queries over a million people and organisations in four scripts, against the same index asked by raw SQL.

One to three typed characters up to whole names, Japanese, Persian, French and English, and digits of phones.
"""

from __future__ import annotations

import time

from bench._pages import sizes
from bench.data import ensure, name_of
from bench.harness import ROUNDS, Figure, p95, report, say, set_up

QUERIES = 200


def run() -> None:
    set_up()
    for parties, name in sizes("search"):
        ensure(parties)
        _measure(parties, name)


def _queries(parties: int) -> list[str]:
    """Beginnings of one, two and three characters, whole names, and the ends of phone numbers, in turn."""
    found: list[str] = []
    for number in range(QUERIES):
        full = name_of(1 + number * (parties // QUERIES)).full
        cut = (1, 2, 3, len(full), 4)[number % 5]
        found.append(f"90{number:06}"[-6:] if number % 5 == 4 and number % 2 else full[:cut])
    return found


def _measure(parties: int, name: str) -> None:
    from django.db import connection

    from enishi.accounts.access import system_actor
    from enishi.search import queries

    actor = system_actor("bench")
    ours: list[float] = []
    floors: list[float] = []
    hits = 0
    for query in _queries(parties):
        found = queries.matching(queries.readable(actor), query)
        if found is None:
            continue
        sql, params = found.values_list("kind", "subject_id", "title", "folded")[
            : queries.CANDIDATES
        ].query.sql_with_params()
        queries.find(actor, query)
        mine, theirs = [], []
        for _round in range(ROUNDS):
            began = time.perf_counter()
            hits += len(queries.find(actor, query)) > 0
            mine.append(time.perf_counter() - began)
            began = time.perf_counter()
            with connection.connection.cursor() as cursor:
                cursor.execute(sql, params)
                cursor.fetchall()
            theirs.append(time.perf_counter() - began)
        ours.append(sorted(mine)[ROUNDS // 2])
        floors.append(sorted(theirs)[ROUNDS // 2])
    value, floor = p95(ours), p95(floors)
    say(
        f"{len(ours)} queries over {parties:,}: p95 {value * 1000:.1f} ms, by raw SQL {floor * 1000:.1f} ms; {hits // ROUNDS} found something"
    )
    report(Figure(name, value * 1000, "ms", value / floor, "the same index asked by raw SQL"))
