"""Whatever is typed: no error, valid spans, nothing lost, quick."""

import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.quicklog_cases import NOW, people, read
from enishi.conversations.quicklog import Reading, State, parse
from enishi.conversations.quicklog.line import fold

LANGUAGES = st.sampled_from(["en", "ja", "fr", "fa", "fr-CA", "xx"])
WORDS = st.sampled_from(
    [
        "called",
        "call",
        "met",
        "Tanaka",
        "Sato",
        "Mr.",
        "March",
        "May",
        "we",
        "will",
        "they",
        "won't",
        "promise:",
        "task:",
        "by",
        "Fri",
        "until",
        "tomorrow",
        "10:00",
        "10am",
        "at",
        "3",
        "in",
        "2",
        "weeks",
        "about",
        "re:",
        "with",
        "and",
        ",",
        ";",
        ".",
        "#tag",
        "+project",
        "@place",
        "note:",
        "next",
        "last",
        "Monday",
        "24",
        "Nov",
        "31",
        "February",
        "2026-13-45",
        "1/1/1",
        "appelé",
        "avec",
        "on",
        "enverra",
        "ne",
        "pas",
        "d'ici",
        "vendredi",
        "le",
        "3",
        "mars",
        "fin",
        "du",
        "mois",
        "田中さんに",
        "電話した、",
        "金曜までに",
        "送る",
        "明日",
        "午後3時",
        "の件",
        "2月30日",
        "十十日",
        "令和元年1月1日",
        "佐藤様と",
        "با",
        "خانم",
        "مهتدی",
        "تماس",
        "گرفتم،",
        "تا",
        "جمعه",
        "را",
        "می\u200cفرستیم",
        "۳۱",
        "آذر",
        "پس\u200cفردا",
        "ساعت",
        "۲۵",
        "قول",
        "دادیم",
        "نمی\u200cکنیم",
        "99999999999",
        "25:61",
    ]
)


def spans_are_valid(reading: Reading, line: str) -> None:
    for chip in reading.chips:
        assert 0 <= chip.start <= chip.end <= len(line)
    for mention in reading.who:
        assert 0 <= mention.start < mention.end <= len(line)
        assert mention.text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120), LANGUAGES)
def test_any_text_is_read(line: str, language: str) -> None:
    spans_are_valid(read(line, language), line)


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, max_size=14).map(" ".join), LANGUAGES)
def test_any_mixture_of_known_words_is_read(line: str, language: str) -> None:
    spans_are_valid(read(line, language), line)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(WORDS, max_size=10).flatmap(
        lambda words: st.integers(0, len(words)).map(
            lambda at: " ".join([*words[:at], "Zyxwvu", *words[at:]])
        )
    ),
    LANGUAGES,
)
def test_a_word_that_nobody_knows_survives(line: str, language: str) -> None:
    reading = read(line, language)
    kept = [reading.summary, reading.topic, *reading.tags, *reading.projects]
    kept += [promise.text for promise in reading.promises] + [mention.text for mention in reading.who]
    assert any("Zyxwvu" in text for text in kept)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(WORDS, max_size=10).map(" ".join),
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 12, 31)),
    st.sampled_from(["Asia/Tokyo", "Asia/Tehran", "America/New_York", "UTC"]),
)
def test_every_moment_is_aware(line: str, now: datetime, zone: str) -> None:
    reading = parse(line, now=now.replace(tzinfo=ZoneInfo(zone)), language="en")
    moments = [reading.when, *(promise.due for promise in reading.promises)]
    assert all(moment.utcoffset() is not None for moment in moments if moment)


@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize("line", ["", "   ", "\t\n", "\u3000"])
def test_nothing_typed_is_an_empty_reading(line: str) -> None:
    reading = read(line, "en")
    assert (reading.state, reading.chips, reading.summary) == (State.EMPTY, (), "")


@pytest.mark.parametrize(
    "unit",
    [
        "we will ",
        "a",
        "Aa ",
        "電話",
        "送る、",
        "با ",
        "می‌فرستیم ",
        "1/",
        "10:00 ",
        "Mr. ",
        "#",
        "d'ici ",
        "\u202e",
        "a, ",
    ],
)
def test_ten_kilobytes_lose_nothing(unit: str) -> None:
    line = "note: start " + unit * (10_000 // len(unit)) + " end-of-line"
    reading = read(line, "en")
    spans_are_valid(reading, line)
    assert reading.summary.endswith("end-of-line")


def test_people_are_asked_a_bounded_number_of_times() -> None:
    asked: list[str] = []

    def known(name: str) -> list:
        asked.append(name)
        return people(name)

    parse("met " + ", ".join(f"Person{chr(65 + n)}" for n in range(20)), now=NOW, language="en", people=known)
    assert asked == [f"Person{chr(65 + n)}" for n in range(8)]


def test_direction_overrides_reach_no_output() -> None:
    reading = read("called \u202eTanaka\u202c about the \u2066roof\u2069, we will \u202ecall back", "en")
    assert [mention.text for mention in reading.who] == ["Tanaka"]
    assert reading.topic == "the roof"
    assert reading.promises[0].text == "call back"
    assert not any(unicodedata.bidirectional(char) in ("RLO", "LRI") for char in reading.summary)


def test_markup_stays_text() -> None:
    reading = read("note: <script>alert(1)</script>", "en")
    assert reading.summary == "<script>alert(1)</script>"


def test_a_lone_surrogate_is_no_error() -> None:
    assert read("called Tanaka \ud800", "en").who[0].text == "Tanaka"
