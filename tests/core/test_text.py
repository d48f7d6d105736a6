import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.core import text
from enishi.core.text import (
    MAX_QUERY_GRAMS,
    clean,
    digits,
    fold,
    grams,
    looks_like_phone,
    query_grams,
    sort_key,
    strip_bidi,
)

NAMES = st.text(alphabet="abé ｶﾞがガー々ゝ山田علیيیكئ۱１1-’.@ß\u200c\u0301\u3099\u202e", max_size=40)
ANY_TEXT = st.one_of(
    NAMES, st.text(max_size=40), st.text(st.characters(categories=("Cs", "Mn", "Lo")), max_size=20)
)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Amélie de la Tour", "amelie de la tour"),
        ("Straße ŒUVRE Łódź Øre", "strasse oeuvre lodz ore"),
        ("İSTANBUL ıstanbul", "istanbul istanbul"),
        ("Đặng Văn Ōno", "dang van ono"),
        ("Ёлкин", "елкин"),
        ("O’Brien O'Brien O´Brien", "obrien obrien obrien"),
        ("Jean-Pierre Jean‐Pierre", "jean pierre jean pierre"),
        ("S.A.R.L. Dupont & Fils", "sarl dupont & fils"),
        ("a.tanaka@mail.example", "atanaka@mailexample"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "やまだ たろう"),
        ("ヤマダ　タロウ", "やまだ たろう"),
        ("カ゛ｷﾞが", "がぎが"),
        ("キヨウコ きょうこ", "きようこ きようこ"),
        ("サーバー ｻｰﾊﾞ", "さば さば"),
        ("霞ヶ関 霞ケ関", "霞け関 霞け関"),
        ("佐々木 佐佐木", "佐佐木 佐佐木"),
        ("いすゞ イスヾ いすず", "いすず いすず いすず"),
        ("複々々線", "複複複線"),
        ("々", "々"),
        ("髙橋 渡邉 齋藤 山﨑 𠮷田", "高橋 渡辺 斎藤 山崎 吉田"),
        ("葛\U000e0100城", "葛城"),
        ("㈱エニシ (株)エニシ", "株 えにし 株 えにし"),
        ("ジャン・ポール", "じやん ぽる"),
        ("ＡＢＣ１２３", "abc123"),
        ("علي كاظمي", "علی کاظمی"),
        ("علی کاظمی", "علی کاظمی"),
        ("علی\u200cرضا", "علیرضا"),
        ("مُحَمَّد", "محمد"),
        ("محــمد", "محمد"),
        ("رئيس رئیس", "رییس رییس"),
        ("فاطمة فاطمه", "فاطمه فاطمه"),
        ("آرش أحمد إبراهیم", "ارش احمد ابراهیم"),
        ("مؤمن مومن", "مومن مومن"),
        ("۰۹۱۲ ٠٩١٢ ０９１２", "0912 0912 0912"),
        ("한국어", "한국어"),
        ("หนุ่ม", "หนุ่ม"),
        ("a\u202eb\u200bc\u200d\ufeff", "abc"),
        ("a\x00b\ud800c\x1b", "abc"),
        (" \t a \n\u3000 b\u00a0c ", "a b c"),
        ("x^y`z", "x yz"),
        ("", ""),
        ("—…", ""),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(ANY_TEXT)
def test_fold_is_stable_and_clean(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert folded == " ".join(folded.split())
    assert "^" not in folded
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Cf", "Lu") for char in folded)


@given(ANY_TEXT)
def test_fold_does_not_depend_on_composition(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_fold_of_hostile_text_takes_linear_time() -> None:
    marks = fold("a" + "\u0316\u0301" * 500_000)
    assert marks == "a"
    assert len(fold("山é" * 500_000)) == 1_000_000
    assert fold("々" * 100_000) == "々" * 100_000
    assert fold("佐" + "々" * 100_000) == "佐" * 100_001


def test_grams_of_words_starts_and_single_cjk_characters() -> None:
    assert grams("taro ab") == ["ta", "ar", "ro", "^t", "ab", "^a"]
    assert grams("山田 a") == ["山", "田", "山田", "^山", "^a"]
    assert grams("رضا") == ["رض", "ضا", "^ر"]
    assert grams("") == []


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("t", ["^t"]),
        ("佐", ["佐"]),
        ("さ", ["さ"]),
        ("佐藤", ["佐藤"]),
        ("tar", ["ta", "ar"]),
        ("ta ro k", ["ta", "ro", "^k"]),
        ("", []),
    ],
)
def test_query_grams(query: str, wanted: list[str]) -> None:
    assert query_grams(query) == wanted


def test_a_pasted_book_is_no_longer_a_query_than_others() -> None:
    assert len(query_grams(fold("".join(chr(0x4E00 + i) for i in range(20_000))))) == MAX_QUERY_GRAMS


@given(ANY_TEXT, st.data())
def test_what_occurs_in_a_text_is_found_by_its_grams(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    words = folded.split()
    query = []
    for word in data.draw(st.lists(st.sampled_from(words), max_size=4)) if words else []:
        start = data.draw(st.integers(0, len(word) - 1))
        part = word[start : data.draw(st.integers(start + 1, len(word)))]
        query.append(part if len(part) > 1 or query_grams(part) == [part] else word[0])
    assert set(query_grams(" ".join(query))) <= set(grams(folded))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("03-1234-5678", "0312345678"),
        ("０３ー１２３４ー５６７８", "0312345678"),
        ("۰۲۱ ۱۲۳۴ ۵۶۷۸", "02112345678"),
        ("+33 (0)6 12 34", "3361234"),
        ("(03) 1234", "031234"),
        ("tel: ٠٩١٢", "0912"),
        ("", ""),
    ],
)
def test_digits(typed: str, expected: str) -> None:
    assert digits(typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("03-1234", True),
        ("０３ー１２３４", True),
        ("۰۹۱۲", True),
        ("+33 6 12", True),
        ("12", False),
        ("abc 123", False),
        ("田中 03", False),
        ("(((((", False),
        ("1" * 100, False),
    ],
)
def test_looks_like_phone(typed: str, expected: bool) -> None:
    assert looks_like_phone(typed) is expected


def test_clean_keeps_what_was_typed_but_for_what_cannot_be_stored() -> None:
    assert clean("  Ａ\tb\u202e ", max_length=50) == "  Ａ\tb\u202e "
    assert clean("a\x00b\ud800c\udfff") == "abc"
    assert clean("\ud83d\ude00!") == "😀!"
    assert clean("a\x00bcd", max_length=3) == "abc"
    clean("\x00\ud800" * 500_000).encode("utf-8")


def test_strip_bidi_keeps_joiners() -> None:
    assert strip_bidi("abc\u202egpj.exe\u202c\u2066x\u2069\u200e") == "abcgpj.exex"
    assert strip_bidi("علی\u200cرضا") == "علی\u200cرضا"


@pytest.mark.parametrize(
    "ordered",
    [
        ["آرش", "احمد", "بابک", "پری", "جواد", "چنگیز", "زهرا", "ژاله", "کاوه", "گل", "وحید", "هما", "یاس"],
        ["あべ", "おうの", "オオノ", "おおば", "はな", "はは", "ばば", "ぱぱ"],
        ["cote", "Cote", "coté", "côte", "côté", "Emile", "Émile", "eve", "Zoé"],
        ["Team 2", "Team 10", "Team 10 B"],
        ["Li", "Li Wei", "Lia"],
    ],
)
def test_sort_key_orders_by_code_point_as_people_do(ordered: list[str]) -> None:
    shuffled = ordered[1::2] + ordered[::2]
    assert sorted(shuffled, key=sort_key) == ordered


def test_sort_key_uses_the_reading_and_the_language() -> None:
    assert sort_key("渡辺", "ワタナベ") > sort_key("安部", "ｱﾍﾞ") < sort_key("石井", "いしい")
    assert sort_key("وحید") < sort_key("هما")
    assert sort_key("وحید", language="ar") > sort_key("هما", language="ar")
    assert sort_key("オーノ").split("\x1f")[0] == sort_key("おおの").split("\x1f")[0]


@given(ANY_TEXT)
def test_sort_key_can_be_stored_and_indexed(text: str) -> None:
    key = sort_key(text * 100)
    assert "\x00" not in key
    assert len(key.encode()) < 2700


@pytest.mark.parametrize("typed", ["a, b", "a、b", "a، b", "a，b"])
def test_a_list_is_split_at_the_commas_of_every_language(typed):
    assert text.between_commas(typed) == ["a", "b"]
