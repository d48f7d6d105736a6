"""100,000 contacts from CSV through the product, against the same rows by plain COPY into tables with the same indexes.

A tenth of the rows speak of people who are there already. The dry run parses, validates, normalises, stages and matches; the
import is the dry run and the writing of contacts, points, affiliations, tags, history and search documents. The undo takes back
creates and updates.
"""

from __future__ import annotations

import csv
import random
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.harness import REPOSITORY, ROUNDS, Figure, empty, peak_memory_mb, report, say, set_up, timed

ROWS, THERE = 100_000, 10_000
FLOOR = "COPY of the same rows of all tables, same indexes"
TABLES = (
    "contacts_party",
    "contacts_contactpoint",
    "contacts_relation",
    "contacts_partytag",
    "timeline_entry",
    "search_document",
)
HEADERS = (
    "Last name", "First name", "Kana", "Email", "Mobile", "Company", "Job title", "Postcode", "City", "Street", "Tags",
    "Language",
)  # fmt: skip
# Pieces of invented names, with their readings; every family with every given name.
_FAMILY = (
    tuple(
        zip(
            "佐水榊橘棚新北南西東",
            ("サ", "ミ", "サカ", "タチ", "タナ", "アラ", "キタ", "ミナミ", "ニシ", "ヒガシ"),
            strict=True,
        )
    ),
    tuple(
        zip(
            "瀬原野山川田村島崎沢",
            ("セ", "ハラ", "ノ", "ヤマ", "カワ", "タ", "ムラ", "シマ", "サキ", "サワ"),
            strict=True,
        )
    ),
)
_GIVEN = (
    tuple(
        zip(
            "葵蓮陽大結悠美直和千",
            ("アオ", "レン", "ヒ", "ヤマ", "ユ", "ユウ", "ミ", "ナオ", "カズ", "チ"),
            strict=True,
        )
    ),
    tuple(
        zip(
            "子菜斗衣人恵也代美樹",
            ("コ", "ナ", "ト", "イ", "ヒト", "エ", "ヤ", "ヨ", "ミ", "キ"),
            strict=True,
        )
    ),
)
_FRENCH_FAMILY = (
    ("Mer", "Cas", "Lam", "On", "Bel", "Dor", "Val", "Fer", "Gar", "Tis"),
    ("cier", "tel", "bert", "dine", "lac", "mont", "lois", "rant", "nier", "sot"),
)
_FRENCH_GIVEN = (
    "Aline",
    "Brune",
    "Kaspar",
    "Denis",
    "Élise",
    "Fabien",
    "Gilles",
    "Hélène",
    "Irène",
    "Jules",
    "Katell",
    "Lucien",
)
FIRMS = 20_000


def people(count: int) -> Iterator[tuple[str, ...]]:
    """Half Japanese, half French; some people share a name, nobody an address, five work in each firm."""
    chosen = random.Random(7)
    for n in range(count):
        if n % 2:
            family, given = (tuple(chosen.choice(part) for part in name) for name in (_FAMILY, _GIVEN))
            kana = " ".join("".join(reading for _kanji, reading in name) for name in (family, given))
            yield (
                "".join(kanji for kanji, _kana in family), "".join(kanji for kanji, _kana in given), kana,
                f"user{n}@kaisha{n % FIRMS}.example", f"080-{1000 + n // 10000}-{n % 10000:04d}", f"株式会社会社{n % FIRMS}", "部長",
                f"{100 + n % 900}-{n % 10000:04d}", "横浜市", f"{n % 9 + 1}-2-3", "VIP", "ja",
            )  # fmt: skip
        else:
            family_name = (
                "".join(map(chosen.choice, _FRENCH_FAMILY))
                + "-"
                + "".join(map(chosen.choice, _FRENCH_FAMILY))
            )
            given_name = chosen.choice(_FRENCH_GIVEN)
            yield (
                family_name, given_name, "", f"{given_name}.{n}@firme{n % FIRMS}.example", f"+33 6 {n:08d}",
                f"Firme {n % FIRMS} SARL", "Directrice", "", "Brest", f"{n % 90 + 1} rue des Dunes", "Presse/Radio", "fr",
            )  # fmt: skip


def write_csv(path: Path, rows: Iterator[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(rows)


def run() -> None:
    set_up()
    with tempfile.TemporaryDirectory() as folder:
        whole, there = Path(folder) / "people.csv", Path(folder) / "there.csv"
        write_csv(whole, people(ROWS))
        write_csv(there, ((*row[:4], *[""] * 8) for row in people(THERE)))
        rounds = [_round(whole, there, Path(folder)) for _ in range(ROUNDS)]
    memory = peak_memory_mb()
    product, dry, undo, floor = (statistics.median(times) for times in zip(*rounds, strict=True))
    say(f"{ROWS / product:,.0f} rows a second, at most {memory:.0f} MB of memory")
    report(Figure("import_csv", product, "s", product / floor, FLOOR))
    report(Figure("import_csv.dry_run", dry, "s", dry / floor, FLOOR))
    report(Figure("import_csv.undo", undo, "s", undo / product, "the import itself"))


def _round(whole: Path, there: Path, folder: Path) -> tuple[float, float, float, float]:
    from enishi.accounts.access import system_actor
    from enishi.accounts.models import Project
    from enishi.contacts.services import importing
    from enishi.timeline.services import finish_undo

    empty()
    actor = system_actor("bench")
    project = Project.objects.create(name="Bench", code="bench", country="JP")

    def uploaded(path: Path) -> object:
        with path.open("rb") as file:
            return importing.upload(actor, project_id=project.pk, name=path.name, stream=file)

    first = importing.check(actor, uploaded(there))
    importing.begin(actor, first)
    importing.apply(actor, first)
    loaded = uploaded(whole)
    dry = timed(lambda: importing.check(actor, loaded))

    def bring_in() -> None:
        importing.begin(actor, loaded)
        importing.apply(actor, loaded)

    product = dry + timed(bring_in)
    expected = {"created": ROWS - THERE, "updated": THERE}
    found = {name: loaded.counts.get(name, 0) for name in expected}
    assert abs(found["created"] - expected["created"]) < ROWS // 100 and found["updated"] >= THERE, (
        loaded.counts
    )
    floor = _floor(folder, loaded.operation_id)
    undo = timed(lambda: finish_undo(actor, loaded.operation_id, keep=None))
    say(f"import {product:.1f} s, of which dry run {dry:.1f} s; undo {undo:.1f} s; floor {floor:.1f} s")
    return product, dry, undo, floor


def _floor(folder: Path, operation_id: int) -> float:
    """The rows that the import wrote, copied into empty tables with the same columns, checks and indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        for name in TABLES:
            with (
                (folder / name).open("wb") as file,
                cursor.copy(f"COPY (SELECT * FROM {name}) TO STDOUT") as out,
            ):
                for data in out:
                    file.write(data)
            cursor.execute(f"CREATE TEMP TABLE floor_{name} (LIKE {name} INCLUDING ALL)")

    def copy() -> None:
        with connection.cursor() as cursor:
            for name in TABLES:
                with (folder / name).open("rb") as file, cursor.copy(f"COPY floor_{name} FROM STDIN") as into:
                    while data := file.read(1 << 20):
                        into.write(data)

    seconds = timed(copy)
    with connection.cursor() as cursor:
        for name in TABLES:
            cursor.execute(f"DROP TABLE floor_{name}")
    return seconds


__all__ = ["REPOSITORY", "run"]
