import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.core.dates import AmbiguousDate, DateError, guess_order, jalali_date, parse_date, parse_datetime


@pytest.mark.parametrize(
    ("text", "year", "month", "day"),
    [
        ("2026-11-03", 2026, 11, 3),
        ("2026/11/3", 2026, 11, 3),
        ("20261103", 2026, 11, 3),
        ("2026年11月3日", 2026, 11, 3),
        ("２０２６／１１／３", 2026, 11, 3),
        ("3.11.2026", 2026, 11, 3),
        ("31.12.99", 1999, 12, 31),
        ("1.1.68", 2068, 1, 1),
        ("1.1.69", 1969, 1, 1),
        ("25/03/2026", 2026, 3, 25),
        ("03/25/2026", 2026, 3, 25),
        ("05/05/2026", 2026, 5, 5),
        ("85/11/03", 1985, 11, 3),
        ("令和8年10月2日", 2026, 10, 2),
        ("令和８年１０月２日（金）", 2026, 10, 2),
        ("㋿元年5月1日", 2019, 5, 1),
        ("R8.4.12", 2026, 4, 12),
        ("H30/1/5", 2018, 1, 5),
        ("S55.3.1", 1980, 3, 1),
        ("平成元年1月8日", 1989, 1, 8),
        ("昭和六十四年一月七日", 1989, 1, 7),
        ("昭和三十年十二月二十五日", 1955, 12, 25),
        ("明治45年7月29日", 1912, 7, 29),
        ("平成33年3月31日", 2021, 3, 31),
        ("۱۴۰۵/۰۸/۲۶", 2026, 11, 17),
        ("1405-08-26", 2026, 11, 17),
        ("26/08/1405", 2026, 11, 17),
        ("۲۶ آبان ۱۴۰۵", 2026, 11, 17),
        ("سه‌شنبه ۲۶ آبان ماه ۱۴۰۵", 2026, 11, 17),
        ("26 Aban 1405", 2026, 11, 17),
        ("۱ دي ۱۴۰۵", 2026, 12, 22),
        ("1403/12/30", 2025, 3, 20),
        ("۳ نوامبر ۲۰۲۶", 2026, 11, 3),
        ("46343", 2026, 11, 17),
        ("3 novembre 2026", 2026, 11, 3),
        ("1er août 2026", 2026, 8, 1),
        ("mardi 3 nov. 2026", 2026, 11, 3),
        ("Nov 3, 2026", 2026, 11, 3),
        ("Tuesday, November 3rd, 2026", 2026, 11, 3),
        ("3-Nov-26", 2026, 11, 3),
        ("3. März 2026", 2026, 3, 3),
        ("12 de marzo de 2026", 2026, 3, 12),
        ("2026-11-03T10:00:00Z", 2026, 11, 3),
        ("2026-11-03 00:00:00", 2026, 11, 3),
        ("2026年11月17日14時05分", 2026, 11, 17),
        ("\u202e2026-11-03\u202c", 2026, 11, 3),
        ("2026-11-03\x00\ud800", 2026, 11, 3),
    ],
)
def test_parse_date(text: str, year: int, month: int, day: int) -> None:
    assert parse_date(text) == dt.date(year, month, day)


def test_a_hint_decides_the_order() -> None:
    assert parse_date("11/03/2026", day_first=True) == dt.date(2026, 3, 11)
    assert parse_date("11/03/2026", day_first=False) == dt.date(2026, 11, 3)
    assert parse_date("11.03.2026", day_first=False) == dt.date(2026, 11, 3)
    with pytest.raises(DateError, match="month 25 does not exist") as refusal:
        parse_date("25/03/2026", day_first=False)
    assert refusal.value.repair == "2026-03-25"


def test_a_calendar_decides_the_year() -> None:
    assert parse_date("05/08/26", calendar="jalali") == dt.date(2026, 11, 17)
    assert parse_date("77/08/26", calendar="jalali") == dt.date(1998, 11, 17)
    assert parse_date("1405/08/26", calendar="gregorian") == dt.date(1405, 8, 26)
    assert jalali_date(1405, 8, 26) == dt.date(2026, 11, 17)


@pytest.mark.parametrize("text", ["11/03/2026", "5-8-26", "1/2/2026"])
def test_two_readings_are_not_guessed(text: str) -> None:
    with pytest.raises(AmbiguousDate, match="whether the day or the month comes first"):
        parse_date(text)


def test_ambiguity_names_both_readings() -> None:
    with pytest.raises(AmbiguousDate, match="can be 2026-03-11 or 2026-11-03"):
        parse_date("11/03/2026")


@pytest.mark.parametrize(
    ("text", "message", "repair"),
    [
        ("2026-02-30", "30 February does not exist in 2026", "2026-02-28"),
        ("2028-02-30", "30 February does not exist in 2028", "2028-02-29"),
        ("31/04/2026", "31 April does not exist in 2026", "2026-04-30"),
        ("1405/12/30", "30 Esfand does not exist in 1405", "2027-03-20"),
        ("2026-13-05", "month 13 does not exist", "2026-05-13"),
        ("2026-13-25", "month 13 does not exist", None),
        ("2026-11-45", "day 45 does not exist", None),
        ("2026-00-10", "month 0 does not exist", None),
        ("令和元年4月30日", "before that era began, on 2019-05-01", "2019-04-30"),
        ("平成元年", "names no day", None),
        ("2026年11月", "names no day", None),
        ("11/2026", "names no day", None),
        ("11月3日", "names no year", None),
        ("17 Nov", "names no year", None),
        ("2026-11-03 25:00", "time of day does not exist", None),
        ("", "The date is missing", None),
        ("\ud800", "The date is missing", None),
        ("14:05", "The date is missing", None),
        ("abc", "is not a date", None),
        ("1 2 3", "is not a date", None),
        ("火曜日", "is not a date", None),
        ("=1+1", "is not a date", None),
        ("1" * 1_000_000, "is not a date", None),
    ],
)
def test_parse_date_names_what_is_wrong(text: str, message: str, repair: str | None) -> None:
    with pytest.raises(DateError, match=message) as refusal:
        parse_date(text)
    assert refusal.value.repair == repair
    assert len(str(refusal.value)) < 200


@given(st.text(alphabet="0123456789年月日令和平成元/-. :RrHh۱۲٣آبانmarch十\u202e", max_size=24))
def test_anything_is_read_or_refused_in_words(text: str) -> None:
    try:
        assert isinstance(parse_date(text), dt.date)
    except DateError as refusal:
        assert str(refusal)


@given(st.dates(min_value=dt.date(1870, 1, 1), max_value=dt.date(2068, 12, 31)))
def test_every_day_is_read_back(day: dt.date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day:%d/%m/%Y}", day_first=True) == day
    assert parse_date(f"{day.year}年{day.month}月{day.day}日") == day


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-17 14:05", "Asia/Tokyo", "2026-11-17T14:05:00+09:00"),
        ("2026年11月17日 午後2時5分", "Asia/Tokyo", "2026-11-17T14:05:00+09:00"),
        ("令和8年11月17日14時", "Asia/Tokyo", "2026-11-17T14:00:00+09:00"),
        ("17 novembre 2026 à 14h05", "Europe/Paris", "2026-11-17T14:05:00+01:00"),
        ("Nov 17, 2026 12:05 AM", "America/Toronto", "2026-11-17T00:05:00-05:00"),
        ("Nov 17, 2026 2pm", "America/Toronto", "2026-11-17T14:00:00-05:00"),
        ("۲۶ آبان ۱۴۰۵ ساعت ۱۴:۳۰", "Asia/Tehran", "2026-11-17T14:30:00+03:30"),
        ("2026-11-17T14:05:09.123+09:00", "UTC", "2026-11-17T14:05:09+09:00"),
        ("2026-11-17T14:05Z", "Asia/Tokyo", "2026-11-17T14:05:00+00:00"),
        ("46343.5868", "Asia/Tokyo", "2026-11-17T14:05:00+09:00"),
        ("2026-11-17", "Asia/Tokyo", "2026-11-17T00:00:00+09:00"),
    ],
)
def test_parse_datetime(text: str, zone: str, expected: str) -> None:
    assert parse_datetime(text, ZoneInfo(zone)).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "zone", "message"),
    [
        ("2026-03-29 02:30", "Europe/Paris", "does not exist in Europe/Paris"),
        ("2026-11-17 25:00", "UTC", "time of day does not exist"),
        ("2026-11-17 13 PM", "UTC", "not on a 12-hour clock"),
        ("2026-11-17 10:00+99:00", "UTC", r"time zone \+99:00 does not exist"),
        ("14:05", "UTC", "The date is missing"),
    ],
)
def test_parse_datetime_names_what_is_wrong(text: str, zone: str, message: str) -> None:
    with pytest.raises(DateError, match=message):
        parse_datetime(text, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("samples", "day_first"),
    [
        (["01/02/2026", "13/02/2026"], True),
        (["01/02/2026", "02/13/26"], False),
        (["01/13/2026", "13/01/2026"], None),
        (["01/02/2026", "2026-01-13", "", "x" * 1000], None),
        ([], None),
    ],
)
def test_guess_order(samples: list[str], day_first: bool | None) -> None:
    assert guess_order(samples) is day_first
