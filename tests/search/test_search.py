"""Finding people in every script, within the reader's rights."""

from __future__ import annotations

import pytest

from enishi.accounts.access import Level
from enishi.contacts.services import PointDraft, change_party, delete_party, save_point
from enishi.search import queries, services
from enishi.search.queries import find, recent
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db


def _titles(actor, query):
    return [hit.title for hit in find(actor, query)]


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("佐藤 花子", ["佐", "佐藤", "佐藤花子", "花子 佐藤", "佐藤　花"]),
        ("رضا کریمی", ["ر", "رضا", "كريمي", "کریمی رضا", "كر"]),
        ("Chloé Lefèvre", ["c", "chloe", "CHLOÉ", "lefe", "lefevre ch", "èvr"]),
        ("髙橋 﨑子", ["高橋", "崎子"]),
        ("O'Brien Søren", ["obrien", "soren", "o'br"]),
    ],
)
def test_a_name_is_found_however_it_is_typed(name, queries):
    where = project()
    party(where, name)
    party(where, "Somebody Else")
    worker = agent(where)
    for query in queries:
        assert name in _titles(worker, query), query
        assert _titles(outsider(), query) == []


def test_kana_finds_the_reading_in_any_width():
    where = project()
    change_party(
        SYSTEM,
        party(where, "橘 葵"),
        names={"Kana": {"family": "タチバナ", "given": "アオイ", "full": "タチバナ アオイ"}},
    )
    worker = agent(where)
    for query in ["たちばな", "ﾀﾁﾊﾞﾅ", "タチバナ　アオイ", "あおい"]:
        assert _titles(worker, query) == ["橘 葵"], query


@pytest.mark.parametrize(
    "query", ["090-1234-5678", "０９０１２３４５６７８", "+81 90 1234 5678", "1234-5678", "5678"]
)
def test_a_phone_is_found_in_any_writing(query):
    where = project()
    made = party(where, "Aoi")
    save_point(SYSTEM, made, PointDraft("phone", "090-1234-5678"), country="JP")
    assert _titles(agent(where), query) == ["Aoi"]


@pytest.mark.parametrize("query", ["aoi@", "ushio.example", "aoi@ushio.example", "ushio"])
def test_an_address_is_found_by_its_parts(query):
    where = project()
    party(where, "Aoi Tachibana", email="aoi@ushio.example")
    assert _titles(agent(where), query) == ["Aoi Tachibana"]


def test_a_confidential_record_is_not_found():
    where = project()
    party(where, "Secret Source", confidentiality=Level.CONFIDENTIAL)
    assert _titles(agent(where), "secret") == []
    assert _titles(agent(where, clearance=Level.CONFIDENTIAL), "secret") == ["Secret Source"]


def test_whole_words_stand_before_beginnings():
    where = project()
    for name in ["Annabel Stone", "Ann Stone", "Joanna Stone"]:
        party(where, name)
    assert _titles(agent(where), "ann") == ["Ann Stone", "Annabel Stone", "Joanna Stone"]


def test_what_is_in_the_bin_is_not_found_and_recent_follows_rights():
    where = project()
    made = party(where, "Short Lived")
    worker = agent(where)
    services.visit(worker, "person", made.pk)
    assert [hit.title for hit in recent(worker)] == ["Short Lived"]
    delete_party(SYSTEM, made)
    assert _titles(worker, "short") == []
    assert recent(worker) == []


@pytest.mark.parametrize(
    "query", ["", "   ", "\x00", "\ud800", "%", "_", "'; DROP TABLE", "\u202e", "a" * 5000, "🙂"]
)
def test_odd_queries_find_nothing_and_break_nothing(query):
    where = project()
    party(where, "Aoi")
    assert _titles(agent(where), query) == []


def test_among_thousands_those_that_begin_so_are_looked_at_first(monkeypatch):
    """Only so many matches are ranked; a 林 must not be lost among the 小林, nor Ann among the Joannas."""
    monkeypatch.setattr(queries, "CANDIDATES", 3)
    where = project()
    for number in range(6):
        party(where, f"小林 直樹{number}")
        party(where, f"Joanna Stone {number}")
    party(where, "林 明")
    party(where, "Ann Reed")
    worker = agent(where)
    assert _titles(worker, "林")[0] == "林 明"
    assert _titles(worker, "ann")[0] == "Ann Reed"
    assert len(_titles(worker, "林")) == len(_titles(worker, "ann")) == 3
