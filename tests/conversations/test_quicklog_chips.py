"""Chips: their order, their places in the line, and when they ask instead of deciding."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from conversations.quicklog_cases import NOW, people, read
from enishi.conversations.quicklog import ChipKind, Kind, Reading, State, parse


def underlined(line: str, reading: Reading) -> list[tuple[str, str]]:
    return [(chip.kind.value, line[chip.start : chip.end]) for chip in reading.chips]


def test_a_call_and_a_promise() -> None:
    line = "called, we will send the noise survey by Fri"
    reading = read(line, "en")
    assert [(chip.kind.value, chip.parts) for chip in reading.chips] == [
        ("channel", ("call", "out")),
        ("when", ("now",)),
        ("promise", ("ours", "do", "send the noise survey")),
        ("due", ("2026-11-20T18:00:00+01:00", "time")),
        ("owner", ("you",)),
    ]
    assert underlined(line, reading) == [
        ("channel", "called"),
        ("when", ""),
        ("promise", "we will"),
        ("due", "by Fri"),
        ("owner", ""),
    ]
    assert reading.state is State.PARSED


@pytest.mark.parametrize(
    ("language", "line", "expected"),
    [
        (
            "ja",
            "田中さんに電話、金曜までに騒音調査を送る",
            ["電話", "", "田中さんに", "送る", "金曜までに", ""],
        ),
        (
            "fr",
            "appelé Tanaka, on enverra l'étude de bruit d'ici vendredi",
            ["appelé", "", "Tanaka", "on enverra", "d'ici vendredi", ""],
        ),
        (
            "fa",
            "با خانم مهتدی تماس گرفتم، تا جمعه گزارش صدا را می‌فرستیم",
            ["تماس گرفتم", "", "با خانم مهتدی", "می‌فرستیم", "تا جمعه", ""],
        ),
    ],
)
def test_the_same_line_in_other_languages(language: str, line: str, expected: list[str]) -> None:
    reading = read(line, language)
    assert [text for _, text in underlined(line, reading)] == expected
    assert reading.state is State.PARSED


@pytest.mark.parametrize("language", ["en", "ja", "fr", "fa"])
def test_a_line_reads_the_same_for_users_of_another_language(language: str) -> None:
    line = "田中さんに電話、金曜までに騒音調査を送る"
    assert read(line, language) == read(line, "ja")


def test_a_name_of_two_people_asks() -> None:
    reading = read("called Sato", "en")
    assert [candidate.name for candidate in reading.who[0].candidates] == ["Sato Hanako", "Sato Ken"]
    assert (reading.who[0].sure, reading.state) == (False, State.UNSURE)
    chip = next(chip for chip in reading.chips if chip.kind is ChipKind.WHO)
    assert chip.parts == ("Sato", "Sato-0", "Sato-1")


def test_without_people_no_name_is_sure() -> None:
    reading = parse("called Tanaka", now=NOW, language="en")
    assert (reading.who[0].text, reading.who[0].candidates, reading.who[0].sure) == ("Tanaka", (), False)


def test_a_mention_is_the_name_without_its_title() -> None:
    line = "called Mr. March about the roof"
    mention = read(line, "en").who[0]
    assert (mention.text, line[mention.start : mention.end]) == ("March", "March")


@pytest.mark.parametrize(
    ("hour", "due"), [(9, "2026-11-20T18:00:00+01:00"), (18, "2026-11-27T18:00:00+01:00")]
)
def test_by_friday_on_a_friday_asks(hour: int, due: str) -> None:
    now = datetime(2026, 11, 20, hour, 30, tzinfo=ZoneInfo("Europe/Paris"))
    promise = parse("we will call by Friday", now=now, language="en", people=people).promise
    assert promise is not None
    assert promise.due is not None
    assert (promise.due.isoformat(), promise.due_sure) == (due, False)


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("we will reply by 3/4/2027", "en"),
        ("we will not work at night until March", "en"),
        ("meeting next Friday", "en"),
        ("call Tanaka at 3", "en"),
        ("called Tanaka tomorrow", "en"),
        ("call Tanaka", "en"),
        ("Tanaka lives by the river", "en"),
        ("Dubois enverra le plan", "fr"),
        ("3月まで作業しない", "ja"),
        ("گزارش را می‌فرستم", "fa"),
    ],
)
def test_what_is_open_is_asked(line: str, language: str) -> None:
    assert read(line, language).state is State.UNSURE


@pytest.mark.parametrize(
    ("language", "day"), [("fr", "2027-04-03"), ("ja", "2027-03-04"), ("en", "2027-04-03")]
)
def test_the_order_of_day_and_month_is_the_readers(language: str, day: str) -> None:
    reading = read("task: reply by 3/4/2027", language)
    assert reading.task is not None
    assert reading.task.due is not None
    assert (reading.task.due.date().isoformat(), reading.task.due_sure) == (day, language != "en")


def test_a_limit_beside_something_done_is_shown_and_stays_in_the_text() -> None:
    line = "called the office, report by Friday"
    reading = read(line, "en")
    assert reading.summary == "the office, report by Friday"
    loose = reading.chips[-1]
    assert (loose.kind, line[loose.start : loose.end], loose.sure) == (ChipKind.DUE, "by Friday", False)


def test_a_date_that_does_not_exist_stays_text() -> None:
    reading = read("we'll call on 31 February", "en")
    assert reading.promise is not None
    assert (reading.promise.text, reading.promise.due) == ("call on 31 February", None)


def test_a_day_without_a_time_is_noon_and_says_so() -> None:
    reading = read("met Tanaka yesterday", "en")
    assert (reading.when, reading.timed) == (datetime(2026, 11, 17, 12, tzinfo=NOW.tzinfo), False)


def test_a_task_is_not_taken_for_a_promise() -> None:
    reading = read("task: tell Tanaka we will come by Friday", "en")
    assert (reading.kind, reading.promises) == (Kind.TASK, ())


def test_a_limit_that_is_over_stays_on_its_date_and_asks() -> None:
    promise = read("we will reply by 18 Nov 10:00", "en").promise
    assert promise is not None
    assert (promise.due, promise.due_sure) == (datetime(2026, 11, 18, 10, tzinfo=NOW.tzinfo), False)
