"""A large installation, written by COPY: people and organisations with names in Japanese, Persian, French and English.

``ensure(n)`` leaves the database with n contacts, their addresses, search documents and projects; what is there already
is used again.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bench.harness import empty, say, timed

CHUNK = 25_000
PROJECTS = 20

JAPANESE = (
    "佐藤:さとう 鈴木:すずき 高橋:たかはし 田中:たなか 伊藤:いとう 渡辺:わたなべ 山本:やまもと 中村:なかむら 小林:こばやし 加藤:かとう "
    "吉田:よしだ 山田:やまだ 松本:まつもと 井上:いのうえ 木村:きむら 林:はやし 斎藤:さいとう 清水:しみず 山口:やまぐち 森:もり "
    "橘:たちばな 水無瀬:みなせ 榊:さかき 三崎:みさき 浜田:はまだ 北川:きたがわ 沖:おき 大野:おおの 今井:いまい 河野:こうの",
    "葵:あおい 蓮:れん 陽菜:ひな 結衣:ゆい 大翔:ひろと 湊:みなと 凛:りん 悠真:ゆうま 美咲:みさき 健太:けんた 翔太:しょうた 直樹:なおき "
    "恵子:けいこ 裕子:ゆうこ 明:あきら 誠:まこと 真由美:まゆみ 智子:ともこ 悟朗:ごろう 琴音:ことね 悠斗:ゆうと 千尋:ちひろ 拓海:たくみ 彩:あや",
)
PERSIAN = (
    "احمدی محمدی حسینی رضایی کریمی موسوی جعفری صادقی رحیمی نوری کاظمی مهتدی یغمایی مرادی فرهادی اکبری شریفی قاسمی هاشمی سلیمانی "
    "باقری نجفی طاهری زارعی رستمی عباسی حیدری ابراهیمی میرزایی امینی",
    "شیرین حسین مریم علی رضا فاطمه زهرا محمد سارا نرگس کامران پریسا امیر لیلا بهرام آرش نیلوفر مهدی الهام سینا یاسمن پویا نازنین بابک",
)
FRENCH = (
    "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel Garcia David Bertrand Roux "
    "Vincent Fournier Morel Girard André Mercier Dupont Lambrecht Dorval Bonnet François Guérin",
    "Chloé Zélie Bastien Hélène Gérard Élodie Benoît Amélie François Jérôme Noémie Anaïs Rémi Aurélie Cédric Maëlle Loïc Océane "
    "Théo Inès Clément Margaux Gaël Sévérine",
)
ENGLISH = (
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker White Edwards Hughes Green Hall Clarke Jackson Wood "
    "Turner Warrick Okafor Vossberg Moor Vale Kiran Hill Cooper Ward Baker",
    "Ada Ben Adaeze Petra Lindiwe Oliver Amelia George Isla Harry Ava Noah Emily Jack Sophie Leo Grace Oscar Lily Arthur Freya Henry Evie Jude",
)
TRADES = [
    "Harbour",
    "Marine",
    "Quay",
    "Coast",
    "River",
    "Wind",
    "Tidal",
    "Northern",
    "Eastern",
    "Island",
    "Valley",
    "Hill",
]
FORMS = [
    "Survey",
    "Cranes",
    "Insurance",
    "Fishing",
    "School",
    "Office",
    "Pilots",
    "Boatyard",
    "Council",
    "Residents",
    "Works",
    "Power",
]


@dataclass(frozen=True)
class Name:
    """One name with everything that follows from it, worked out once however many bear it."""

    full: str
    family: str
    given: str
    names: str
    script: str
    language: str
    sort_key: str
    match_key: str
    words: tuple[str, ...]


@cache
def names_of_people() -> list[Name]:
    """Every combination of the four languages, in turn, so that any number of them is mixed."""
    languages = [("ja", JAPANESE), ("fa", PERSIAN), ("fr", FRENCH), ("en", ENGLISH)]
    return list(
        itertools.chain.from_iterable(
            zip(*(_combined(code, pools) for code, pools in languages), strict=True)
        )
    )


def _combined(language: str, pools: tuple[str, str]) -> list[Name]:
    from enishi.core import names, text

    found = []
    for family, given in itertools.product(pools[0].split(), pools[1].split()):
        family, _colon, family_kana = family.partition(":")
        given, _colon, given_kana = given.partition(":")
        script = names.script(family)
        full = names.display(family, given, script)
        kana = (
            {"family": family_kana, "given": given_kana, "full": f"{family_kana} {given_kana}"}
            if family_kana
            else {}
        )
        words = (full, *kana.values(), family, given, *((full.replace(" ", ""),) if kana else ()))
        found.append(
            Name(
                full=full,
                family=family,
                given=given,
                names=json.dumps({"Kana": kana} if kana else {}, ensure_ascii=False),
                script=script,
                language=language,
                sort_key=text.sort_key(f"{family} {given}", kana.get("full"), language),
                match_key=names.person_key(family, given),
                words=words,
            )
        )
    # A step that shares no factor with the number of combinations, so that neighbours differ in both parts.
    return [found[(n * 7 + n // len(found)) % len(found)] for n in range(len(found))]


@cache
def names_of_organisations() -> list[Name]:
    from enishi.core import names, text

    found = []
    for first, second in itertools.product(TRADES, FORMS):
        full = f"{first} {second} Ltd"
        found.append(
            Name(full, "", "", "{}", "Latn", "en", text.sort_key(full), names.organisation_key(full), (full,))
        )
    return found


def ensure(parties: int) -> None:
    """Fill the database with that many contacts unless they are there."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contacts_party WHERE note = 'bench'")
        there = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM contacts_party")
        if there == parties == cursor.fetchone()[0]:
            return
    empty()
    say(f"writing {parties:,} contacts")
    say(f"written in {timed(lambda: _fill(parties)):.0f} s")


def _fill(parties: int) -> None:
    """All of it or nothing, so that a fill that was cut off is not taken for a whole one."""
    from django.db import connection, transaction

    from enishi.accounts.models import Project

    Project.objects.bulk_create(
        Project(pk=n, name=f"Project {n}", code=f"bench-{n}") for n in range(1, PROJECTS + 1)
    )
    with transaction.atomic(), connection.cursor() as cursor:
        dropped = _drop_slow_indexes(cursor)
        for start in range(1, parties + 1, CHUNK):
            numbers = range(start, min(start + CHUNK, parties + 1))
            _copy(cursor, "contacts_party", PARTY, _parties(numbers))
            _copy(cursor, "contacts_contactpoint", POINT, _points(numbers))
            _copy(cursor, "search_document", DOCUMENT, _documents(numbers))
        cursor.execute(
            "INSERT INTO contacts_relation (type_id, source_id, target_id, title, department, evidence)"
            " SELECT t.id, p.id, p.id - p.id %% 10 + 10, 'Adviser', '', '' FROM contacts_party p, contacts_relationtype t"
            " WHERE t.code = 'works-for' AND p.id %% 10 IN (1, 2, 3) AND p.id - p.id %% 10 + 10 <= %s",
            [parties],
        )
        # Foreign keys are checked at the end; an index is made only when that is done.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for definition in dropped:
            cursor.execute(definition)
        for table in ("contacts_party", "contacts_contactpoint", "search_document", "accounts_project"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )
    with connection.cursor() as cursor:
        cursor.execute(
            "VACUUM ANALYZE contacts_party, contacts_contactpoint, contacts_relation, search_document"
        )


def _drop_slow_indexes(cursor: Any) -> list[str]:
    """GIN indexes cost ten times as much row by row as at once."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%%USING gin%%'"
        " AND tablename IN ('contacts_party', 'search_document')"
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _name, definition in found]


PARTY = [
    "id",
    "kind",
    "full_name",
    "family_name",
    "given_name",
    "script",
    "names",
    "honorific",
    "address_form",
    "greeting",
    "language",
    "time_zone",
    "note",
    "photo",
    "status",
    "sort_key",
    "match_key",
    "last_contact_at",
    "last_channel",
    "version",
    "created_at",
    "updated_at",
    "confidentiality",
    "project_ids",
]
POINT = ["party_id", "kind", "label", "value", "typed", "key", "parts", "status", "note", "is_primary"]
DOCUMENT = [
    "kind",
    "subject_id",
    "title",
    "detail",
    "language",
    "folded",
    "grams",
    "weight",
    "project_ids",
    "confidentiality",
]


def _is_organisation(number: int) -> bool:
    return number % 10 == 0


def name_of(number: int) -> Name:
    pool = names_of_organisations() if _is_organisation(number) else names_of_people()
    # Each round begins one further on: else a name would always fall on the same kind and project.
    return pool[(number + number // len(pool)) % len(pool)]


def _project(number: int) -> str:
    return f"{{{number // 7 % PROJECTS + 1}}}"


def _moment(number: int, spread: int) -> str:
    """A moment within the last ``spread`` days, spread evenly and not in the order of the numbers."""
    minutes = number * 7919 % (spread * 1440)
    return (dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC) - dt.timedelta(minutes=minutes)).isoformat()


def _parties(numbers: Sequence[int]) -> Iterator[Sequence[object]]:
    for n in numbers:
        name = name_of(n)
        moment = None if n % 3 == 0 else _moment(n, 900)
        yield (
            n, "organisation" if _is_organisation(n) else "person", name.full, name.family, name.given, name.script,
            name.names, "", "", "", name.language, "", "bench", "", "inactive" if n % 50 == 0 else "active",
            name.sort_key, name.match_key, moment, "email" if moment else "", 1, _moment(n, 1500), _moment(n + 1, 400),
            2 if n % 200 == 0 else 1, _project(n),
        )  # fmt: skip


def _email(number: int) -> str:
    return f"contact{number}@bench.example"


def _phone(number: int) -> str:
    return f"+8190{number:08}"


def _points(numbers: Sequence[int]) -> Iterator[Sequence[object]]:
    for n in numbers:
        email, phone = _email(n), _phone(n)
        yield n, "email", "work", email, email, email, "{}", "unchecked", "", "t"
        if n % 2:
            yield n, "phone", "mobile", phone, phone, phone, "{}", "unchecked", "", "t"


@cache
def _indexed(name: Name) -> tuple[str, tuple[str, ...]]:
    """What a name adds to its document: folded words and their pieces."""
    from enishi.core import text
    from enishi.search.services import folded_text

    folded = folded_text(name.words)
    return folded, tuple(text.grams(folded))


def _documents(numbers: Sequence[int]) -> Iterator[Sequence[object]]:
    from enishi.core import text

    for n in numbers:
        name = name_of(n)
        words, pieces = _indexed(name)
        reached = text.fold(f"{_email(n)} {_phone(n)[1:]}" if n % 2 else _email(n))
        grams = '{"' + '","'.join({**dict.fromkeys(pieces), **dict.fromkeys(text.grams(reached))}) + '"}'
        kind = "organisation" if _is_organisation(n) else "person"
        yield (
            kind,
            n,
            name.full,
            "",
            name.language,
            f"{words} {reached}",
            grams,
            1,
            _project(n),
            2 if n % 200 == 0 else 1,
        )


def _copy(cursor: Any, table: str, columns: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    buffer = io.StringIO()
    for row in rows:
        buffer.write("\t".join("\\N" if v is None else _escaped(str(v)) for v in row) + "\n")
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        copy.write(buffer.getvalue())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
