import pytest

from enishi.core.names import (
    NameParts,
    display,
    forms,
    greeting,
    initials,
    organisation_key,
    person_key,
    preferred_script,
    script,
    similar,
    split,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Amélie", "Latn"),
        ("ｔａｎａｋａ", "Latn"),
        ("山田 太郎", "Jpan"),
        ("𠮷田", "Jpan"),
        ("山田 はな子", "Jpan"),
        ("ヤマダ タロウ", "Kana"),
        ("ﾔﾏﾀﾞ", "Kana"),
        ("陈伟", "Hans"),
        ("شیرین مهتدی", "Arab"),
        ("Иванов", "Cyrl"),
        ("김철수", "Hang"),
        ("Παπαδόπουλος", "Grek"),
        ("山田 (Yamada)", "Latn"),
        ("123 !?", ""),
        ("", ""),
        ("\ud800", ""),
    ],
)
def test_script(text: str, expected: str) -> None:
    assert script(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "family", "given", "honorific"),
    [
        ("山田 太郎", "", "山田", "太郎", ""),
        ("山田　太郎様", "", "山田", "太郎", "様"),
        ("鈴木 花子 先生", "", "鈴木", "花子", "先生"),
        ("ヤマダ タロウ", "", "ヤマダ", "タロウ", ""),
        ("김 철수 님", "", "김", "철수", "님"),
        ("TANAKA Taro", "ja", "TANAKA", "Taro", ""),
        ("Amélie de la Tour", "", "de la Tour", "Amélie", ""),
        ("Mme Amélie de la Tour", "fr", "de la Tour", "Amélie", "Mme"),
        ("Jean-Pierre DUPONT", "fr", "DUPONT", "Jean-Pierre", ""),
        ("DE LA TOUR Amélie", "fr", "DE LA TOUR", "Amélie", ""),
        ("Jeanne d'Arc", "fr", "d'Arc", "Jeanne", ""),
        ("Dr. John Smith", "en", "Smith", "John", "Dr."),
        ("Smith, John", "en", "Smith", "John", ""),
        ("John Smith, PhD", "en", "Smith", "John", ""),
        ("John Smith Jr.", "en", "Smith", "John", ""),
        ("Madame Dupont", "fr", "Dupont", "", "Madame"),
        ("دکتر شیرین مهتدی", "fa", "مهتدی", "شیرین", "دکتر"),
        ("جناب آقای دکتر محمدرضا کاظمی", "fa", "کاظمی", "محمدرضا", "جناب آقای دکتر"),
        ("سید علی حسینی", "fa", "حسینی", "سید علی", ""),
        ("خانم مهتدی", "fa", "مهتدی", "", "خانم"),
        ("Иванов Иван Иванович", "ru", "Иванов", "Иван Иванович", ""),
        ("Иван Иванович Иванов", "ru", "Иванов", "Иван Иванович", ""),
    ],
)
def test_split(text: str, language: str, family: str, given: str, honorific: str) -> None:
    parts = split(text, language)
    assert (parts.family, parts.given, parts.honorific) == (family, given, honorific)
    assert parts.is_split


@pytest.mark.parametrize(
    ("text", "language", "full", "honorific"),
    [
        ("山田太郎様", "ja", "山田太郎", "様"),
        ("鵜殿", "ja", "鵜殿", ""),
        ("ジャン・ポール サルトル", "ja", "ジャン・ポール サルトル", ""),
        ("Tanaka Taro", "", "Tanaka Taro", ""),
        ("John Smith", "hu", "John Smith", ""),
        ("Mary Ann Smith", "en", "Mary Ann Smith", ""),
        ("محمد رضا محمدی", "fa", "محمد رضا محمدی", ""),
        ("Иван Иванов", "ru", "Иван Иванов", ""),
        ("JOHN SMITH BROWN", "en", "JOHN SMITH BROWN", ""),
        ("Prince", "en", "Prince", ""),
        ("", "", "", ""),
        (" \u3000 ", "", "", ""),
    ],
)
def test_split_does_not_guess(text: str, language: str, full: str, honorific: str) -> None:
    parts = split(text, language)
    assert (parts.full, parts.family, parts.given, parts.honorific) == (full, "", "", honorific)


def test_split_of_hostile_text() -> None:
    assert split("\u202eJohn\x00 \ud800Smith\u202c").full == "John Smith"
    assert len(split("Ab " * 400_000).full) <= 500


@pytest.mark.parametrize(
    ("family", "given", "written", "shown"),
    [
        ("橘", "葵", "Jpan", "橘 葵"),
        ("タチバナ", "アオイ", "Kana", "タチバナ アオイ"),
        ("Tachibana", "Aoi", "Latn", "Aoi Tachibana"),
        ("مهتدی", "شیرین", "Arab", "شیرین مهتدی"),
        ("김", "철수", "Hang", "김 철수"),
        ("", "Aoi", "Latn", "Aoi"),
        ("\u202eTachibana", "Aoi\u202c", "Latn", "Aoi Tachibana"),
    ],
)
def test_display(family: str, given: str, written: str, shown: str) -> None:
    assert display(family, given, written) == shown


@pytest.mark.parametrize(
    ("scripts", "language", "chosen"),
    [
        (["Jpan", "Kana", "Latn"], "ja", "Jpan"),
        (["Jpan", "Kana", "Latn"], "en", "Latn"),
        (["Jpan", "Kana"], "fr", "Jpan"),
        (["Kana", "Jpan"], "en", "Jpan"),
        (["Arab", "Latn"], "fa", "Arab"),
        (["Kana"], "en", "Kana"),
        ([], "en", None),
    ],
)
def test_preferred_script(scripts: list[str], language: str, chosen: str | None) -> None:
    assert preferred_script(scripts, language) == chosen


@pytest.mark.parametrize(
    ("family", "given", "written", "letters"),
    [
        ("橘", "葵", "Jpan", "橘"),
        ("de la Tour", "Amélie", "Latn", "AT"),
        ("Dupont", "Émile", "Latn", "ÉD"),
        ("Dupont", "E\u0301mile", "Latn", "ÉD"),
        ("مهتدی", "شیرین", "Arab", "ش\u200cم"),
        ("", "\u202eeve", "Latn", "E"),
        ("", "", "", ""),
    ],
)
def test_initials(family: str, given: str, written: str, letters: str) -> None:
    assert initials(family, given, written) == letters


@pytest.mark.parametrize(
    ("honorific", "expected"),
    [
        ("Mme", ("mrs",)),
        ("M.", ("mr",)),
        ("جناب آقای دکتر", ("mr", "dr")),
        ("سرکار خانم مهندس", ("ms", "eng")),
        ("様", ("sama",)),
        ("Captain", ()),
        ("", ()),
    ],
)
def test_forms(honorific: str, expected: tuple[str, ...]) -> None:
    assert forms(honorific) == expected


@pytest.mark.parametrize(
    ("text", "language_of_name", "language", "expected"),
    [
        ("橘 葵", "ja", "ja", "橘 葵 様"),
        ("橘 葵 先生", "ja", "ja", "橘 葵 先生"),
        ("橘葵様", "ja", "ja", "橘葵 様"),
        ("Mme Amélie Dupont", "fr", "fr", "Madame Dupont"),
        ("M. Jean Dupont", "fr", "fr", "Monsieur Dupont"),
        ("Dr Amélie Dupont", "fr", "fr", "Docteur Dupont"),
        ("Amélie Dupont", "fr", "fr", "Bonjour Amélie Dupont"),
        ("Amélie Dupont", "fr", "en", "Dear Amélie Dupont"),
        ("Ms Amélie Dupont", "fr", "en", "Dear Ms Dupont"),
        ("Miss Amélie Dupont", "fr", "en", "Dear Miss Dupont"),
        ("Dr Amélie Dupont", "fr", "en-GB", "Dear Dr Dupont"),
        ("دکتر شیرین مهتدی", "fa", "fa", "دکتر مهتدی"),
        ("سرکار خانم دکتر شیرین مهتدی", "fa", "fa", "سرکار خانم دکتر مهتدی"),
        ("جناب آقای کاظمی", "fa", "fa", "جناب آقای کاظمی"),
        ("شیرین مهتدی", "fa", "fa", "شیرین مهتدی گرامی"),
        ("", "", "fr", "Madame, Monsieur"),
        ("", "", "de", "Dear Sir or Madam"),
    ],
)
def test_greeting(text: str, language_of_name: str, language: str, expected: str) -> None:
    assert greeting(split(text, language_of_name), language) == expected


def test_greeting_never_guesses_from_the_given_name() -> None:
    assert greeting(NameParts("Marie Curie", "Latn", "Curie", "Marie"), "fr") == "Bonjour Marie Curie"


@pytest.mark.parametrize(
    "writings",
    [
        [
            "㈱エニシ",
            "株式会社エニシ",
            "エニシ株式会社",
            "株式会社 エニシ",
            "(株)エニシ",
            "ｶ)ｴﾆｼ",
            "エニシ（カ",
        ],
        ["Enishi Co., Ltd.", "ENISHI INC.", "Enishi", "Enishi K.K."],
        ["Dupont & Fils SARL", "DUPONT ET FILS S.A.R.L.", "Dupont Fils"],
        ["شرکت نفت پارس (سهامی خاص)", "نفت پارس", "شركت نفت پارس"],
        ["Müller GmbH & Co. KG", "MULLER"],
        ["特定非営利活動法人 海の会", "NPO法人海の会"],
        ["NordVent SAS", "Nord Vent"],
    ],
)
def test_organisation_key_is_one_for_all_writings(writings: list[str]) -> None:
    assert len({organisation_key(writing) for writing in writings}) == 1


def test_organisation_key_keeps_what_is_a_name() -> None:
    assert organisation_key("AS Roma") == "asroma"
    assert organisation_key("Company") == "company"
    assert organisation_key("株式会社") == "株式会社"
    assert organisation_key("") == ""


def test_person_key() -> None:
    assert person_key("Dupont", "Émile") == person_key("émile", "DUPONT") == "dupont emile"
    assert person_key("渡邉", "葵") == person_key("渡辺", "葵") == person_key("渡辺葵", "") == "渡辺葵"
    assert person_key("", "") == ""


@pytest.mark.parametrize(
    ("a", "b", "at_least", "at_most"),
    [
        ("Smith John", "John Smith", 1.0, 1.0),
        ("علی رضایی", "علي رضائی", 1.0, 1.0),
        ("山田太郎", "山田 太郎", 0.98, 0.98),
        ("Jon Smith", "John Smith", 0.95, 0.99),
        ("J. Smith", "John Smith", 0.9, 0.92),
        ("Anna Smith", "John Smith", 0.5, 0.85),
        ("山田太郎", "山田次郎", 0.5, 0.9),
        ("佐藤 健", "鈴木 一郎", 0.0, 0.6),
        ("", "John", 0.0, 0.0),
    ],
)
def test_similar(a: str, b: str, at_least: float, at_most: float) -> None:
    assert at_least <= similar(a, b) <= at_most
    assert similar(a, b) == similar(b, a)
