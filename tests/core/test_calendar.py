import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.core.calendar import BusinessCalendar, CalendarError, describe_rule, occurrences, parse_rule

JAPAN, FRANCE, IRAN = BusinessCalendar("JP"), BusinessCalendar("FR"), BusinessCalendar("IR")
DAYS = st.dates(min_value=dt.date(2020, 1, 1), max_value=dt.date(2030, 12, 31))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("calendar", "text", "is_open"),
    [
        (JAPAN, "2026-05-01", True),
        (JAPAN, "2026-05-04", False),
        (JAPAN, "2026-05-06", False),
        (JAPAN, "2026-11-21", False),
        (FRANCE, "2026-07-14", False),
        (FRANCE, "2026-07-15", True),
        (IRAN, "2026-11-20", False),
        (IRAN, "2026-11-22", True),
        (IRAN, "2026-03-21", False),
        (BusinessCalendar("CA"), "2026-07-01", False),
        (BusinessCalendar("GB"), "2026-12-25", False),
        (BusinessCalendar("XX"), "2026-12-25", True),
        (BusinessCalendar("JP", closed_days=frozenset({dt.date(2026, 12, 30)})), "2026-12-30", False),
        (BusinessCalendar("JP", weekend=frozenset({6})), "2026-11-21", True),
    ],
)
def test_is_open(calendar: BusinessCalendar, text: str, is_open: bool) -> None:
    assert calendar.is_open(day(text)) is is_open


def test_is_open_at_the_hours() -> None:
    calendar = BusinessCalendar("FR", hours=(dt.time(9), dt.time(17, 30)))
    assert calendar.is_open_at(dt.datetime(2026, 11, 17, 9))
    assert calendar.is_open_at(dt.datetime(2026, 11, 17, 17, 29))
    assert not calendar.is_open_at(dt.datetime(2026, 11, 17, 17, 30))
    assert not calendar.is_open_at(dt.datetime(2026, 11, 15, 12))


def test_open_days_around_golden_week() -> None:
    assert JAPAN.next_open(day("2026-05-02")) == day("2026-05-07")
    assert JAPAN.previous_open(day("2026-05-06")) == day("2026-05-01")
    assert JAPAN.next_open(day("2026-05-07")) == day("2026-05-07")
    assert JAPAN.add_business_days(day("2026-05-01"), 1) == day("2026-05-07")
    assert JAPAN.add_business_days(day("2026-05-07"), -1) == day("2026-05-01")
    assert JAPAN.add_business_days(day("2026-05-02"), 0) == day("2026-05-07")
    assert JAPAN.business_days_between(day("2026-04-28"), day("2026-05-08")) == 4
    assert JAPAN.business_days_between(day("2026-05-08"), day("2026-04-28")) == -4
    assert JAPAN.holiday(day("2026-05-04"), "ja") == "みどりの日"


@given(DAYS, st.integers(1, 60), st.sampled_from([JAPAN, FRANCE, IRAN]))
def test_counting_undoes_adding(start: dt.date, count: int, calendar: BusinessCalendar) -> None:
    end = calendar.add_business_days(start, count)
    assert calendar.is_open(end)
    assert calendar.business_days_between(start, end) == count


def test_impossible_calendars_are_refused() -> None:
    with pytest.raises(CalendarError, match="at least one working day"):
        BusinessCalendar("JP", weekend=frozenset(range(7)))
    with pytest.raises(CalendarError, match="closing time"):
        BusinessCalendar("JP", hours=(dt.time(17), dt.time(9)))
    closed = frozenset(day("2026-01-01") + dt.timedelta(days=n) for n in range(500))
    with pytest.raises(CalendarError, match="no open day within 400 days of"):
        BusinessCalendar("JP", closed_days=closed).next_open(day("2026-01-01"))
    with pytest.raises(CalendarError, match="At most 10000"):
        JAPAN.add_business_days(day("2026-01-01"), 10**9)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["2026-01-30", "2026-02-27"]),
        (
            "RRULE:FREQ=weekly;interval=2;byday=mo,fr",
            ["2026-01-05", "2026-01-09", "2026-01-19", "2026-01-23"],
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-01-31", "2026-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", []),
        ("FREQ=DAILY;UNTIL=20260107", ["2026-01-05", "2026-01-06", "2026-01-07"]),
        ("FREQ=DAILY;UNTIL=20260106T235959Z", ["2026-01-05", "2026-01-06"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=1", ["2026-01-30"]),
    ],
)
def test_occurrences(rule: str, expected: list[str]) -> None:
    start, last = day("2026-01-05"), day("2026-03-31")
    if "WEEKLY" in rule.upper():
        last = day("2026-01-31")
    assert occurrences(rule, start, after=start, before=last) == [day(text) for text in expected]


def test_occurrences_shift_from_closed_days() -> None:
    window = {"after": day("2026-05-01"), "before": day("2026-06-30")}
    rule, start = "FREQ=MONTHLY;BYMONTHDAY=3", day("2026-01-03")
    assert occurrences(rule, start, **window) == [day("2026-05-03"), day("2026-06-03")]
    forward = occurrences(rule, start, **window, calendar=JAPAN, shift="forward")
    backward = occurrences(rule, start, **window, calendar=JAPAN, shift="backward")
    assert forward == [day("2026-05-07"), day("2026-06-03")]
    assert backward == [day("2026-05-01"), day("2026-06-03")]


def test_the_window_holds_for_moved_days_and_none_comes_twice() -> None:
    found = occurrences(
        "FREQ=DAILY",
        day("2026-05-01"),
        after=day("2026-05-02"),
        before=day("2026-05-08"),
        calendar=JAPAN,
        shift="forward",
    )
    assert found == [day("2026-05-07"), day("2026-05-08")]


def test_occurrences_are_limited() -> None:
    start = day("2026-01-01")
    assert len(occurrences("FREQ=DAILY", start, after=start, before=dt.date(9999, 12, 31))) == 1000
    assert len(occurrences("FREQ=DAILY", start, after=start, before=dt.date(9999, 12, 31), limit=3)) == 3
    assert (
        occurrences(
            "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", day("2027-01-01"), after=start, before=start
        )
        == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;UNTIL=20261231",
        "FREQ=MONTHLY;BYDAY=2TU,-1FR;COUNT=10",
        "FREQ=MONTHLY;BYMONTHDAY=15,-1",
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=WEEKLY;BYDAY=SA;WKST=SU",
    ],
)
def test_a_rule_keeps_its_text(text: str) -> None:
    assert parse_rule(text).text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs FREQ"),
        ("FREQ=HOURLY", "it has “HOURLY”"),
        ("FREQ=DAILY;COUNT=5;UNTIL=20260101", "not by both"),
        ("FREQ=DAILY;BYHOUR=3", "“BYHOUR=3” cannot be used"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY must be a number from 1 to 31; it is “32”"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "None of these months has such a day"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a number from 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=²", "INTERVAL must be a number"),
        ("FREQ=DAILY;INTERVAL=" + "9" * 250, "INTERVAL must be a number"),
        ("FREQ=DAILY;COUNT=99999", "COUNT must be a number from 1 to 1000"),
        ("FREQ=WEEKLY;BYDAY=XX", "it has “XX”"),
        ("FREQ=WEEKLY;BYDAY=1MO", "only the first to fifth weekday of a month"),
        ("FREQ=MONTHLY;BYDAY=6MO", "only the first to fifth weekday of a month"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL must be a day that exists"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ appears twice"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "A weekly rule cannot name days of the month"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "cannot be narrowed"),
        ("FREQ=MONTHLY;BYMONTHDAY=30,31;BYSETPOS=3", "counts further"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs BYDAY or BYMONTHDAY"),
        ("FREQ=DAILY;" * 1000, "is too long"),
        ("DROP TABLE", "cannot be used"),
    ],
)
def test_unusable_rules_are_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(CalendarError, match=message):
        parse_rule(text)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;UNTIL=20261231",
            "every 2 weeks, on Monday and Friday, until 31 December 2026",
        ),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=10", "every month, on the last Friday, 10 times"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,-1", "every month, on day 15 and the last day of the month"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31", "every year, in March, on day 31"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "every month, on the last working day (Monday to Friday)",
        ),
    ],
)
def test_describe_rule(rule: str, words: str) -> None:
    assert describe_rule(rule, "en") == words


@pytest.mark.parametrize(("language", "weekday"), [("ja", "金曜日"), ("fr", "vendredi"), ("fa", "جمعه")])
def test_describe_rule_names_days_in_the_language(language: str, weekday: str) -> None:
    assert weekday in describe_rule("FREQ=WEEKLY;BYDAY=FR", language)
