import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from enishi.core.formats import (
    digits_fa,
    era,
    format_date,
    format_datetime,
    format_full_date,
    format_number,
    format_percent,
    format_relative,
    format_time,
    format_when,
    second_form,
)

TODAY = dt.date(2026, 11, 17)
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = dt.datetime(2026, 11, 17, 12, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("language", "this_year", "other_year", "long", "full"),
    [
        ("en", "17 Nov", "1 Dec 2027", "Tuesday 17 November 2026", "17 November 2026"),
        ("fr", "17 nov.", "1er déc. 2027", "mardi 17 novembre 2026", "17 novembre 2026"),
        ("ja", "11月17日（火）", "2027年12月1日", "2026年11月17日（火）", "2026年11月17日"),
        ("fa", "۲۶ آبان", "۱۰ آذر ۱۴۰۶", "سه‌شنبه ۲۶ آبان ۱۴۰۵", "۲۶ آبان ۱۴۰۵"),
    ],
)
def test_format_date(language: str, this_year: str, other_year: str, long: str, full: str) -> None:
    assert format_date(TODAY, language, today=TODAY) == this_year
    assert format_date(dt.date(2027, 12, 1), language, today=TODAY) == other_year
    assert format_date(TODAY, language, today=TODAY, long=True) == long
    assert format_full_date(TODAY, language) == full


def test_the_persian_year_is_the_jalali_one() -> None:
    assert format_date(dt.date(2027, 1, 5), "fa", today=TODAY) == "۱۵ دی"
    assert format_date(dt.date(2026, 1, 5), "fa", today=TODAY) == "۱۵ دی ۱۴۰۴"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "18 Nov, 01:05"),
        ("en-GB", "18 Nov, 01:05"),
        ("fr", "18 nov. à 01:05"),
        ("ja", "11月18日（水）01:05"),
        ("fa", "۲۷ آبان، ۰۱:۰۵"),
    ],
)
def test_format_datetime_in_the_readers_zone(language: str, expected: str) -> None:
    moment = dt.datetime(2026, 11, 17, 16, 5, tzinfo=dt.UTC)
    assert format_datetime(moment, language, today=TODAY, tz=TOKYO) == expected


def test_format_time() -> None:
    assert format_time(dt.time(9, 5), "en") == "09:05"
    assert format_time(NOW, "fa", tz=dt.UTC) == "۰۳:۰۰"


@pytest.mark.parametrize(
    ("language", "whole", "decimal", "percent", "small"),
    [
        ("en", "1,204", "−1,234,567.89", "45%", "4.5%"),
        ("ja", "1,204", "−1,234,567.89", "45%", "4.5%"),
        ("fr", "1\u202f204", "−1\u202f234\u202f567,89", "45\u202f%", "4,5\u202f%"),
        ("fa", "۱٬۲۰۴", "−۱٬۲۳۴٬۵۶۷٫۸۹", "۴۵٪", "۴٫۵٪"),
    ],
)
def test_format_number(language: str, whole: str, decimal: str, percent: str, small: str) -> None:
    assert format_number(1204, language) == whole
    assert format_number(-1234567.891, language, decimals=2) == decimal
    assert format_number(Decimal("-1234567.89"), language) == decimal
    assert format_percent(0.45, language) == percent
    assert format_percent(Decimal("0.045"), language) == small


def test_percent_at_its_edges() -> None:
    assert [format_percent(share, "en") for share in (0, 0.0996, 0.1, 1)] == ["0%", "10%", "10%", "100%"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2026, 11, 17), "令和8年"),
        (dt.date(2019, 5, 1), "令和元年"),
        (dt.date(2019, 4, 30), "平成31年"),
        (dt.date(1989, 1, 7), "昭和64年"),
        (dt.date(1912, 7, 29), "明治45年"),
        (dt.date(1800, 1, 1), ""),
    ],
)
def test_era(day: dt.date, expected: str) -> None:
    assert era(day) == expected


def test_second_form() -> None:
    assert second_form(TODAY, "ja") == "令和8年11月17日"
    assert second_form(TODAY, "fa") == "۱۷ نوامبر ۲۰۲۶"
    assert second_form(TODAY, "en") == ""
    assert second_form(dt.datetime(2026, 11, 17, 16, tzinfo=dt.UTC), "ja", tz=TOKYO) == "令和8年11月18日"


@pytest.mark.parametrize(
    ("distance", "due", "otherwise"),
    [
        (dt.timedelta(minutes=25, seconds=59), "25 min left", "in 25 min"),
        (dt.timedelta(hours=4), "4 h left", "in 4 h"),
        (dt.timedelta(hours=-1), "1 h late", "1 h ago"),
        (dt.timedelta(minutes=-1), "1 min late", "1 min ago"),
        (dt.timedelta(seconds=30), "now", "now"),
        (dt.timedelta(days=-1), "1 day late", "1 day ago"),
        (dt.timedelta(days=3), "3 days left", "in 3 days"),
    ],
)
def test_format_relative(distance: dt.timedelta, due: str, otherwise: str) -> None:
    assert format_relative(NOW + distance, NOW, "en", due=True) == due
    assert format_relative(NOW + distance, NOW, "en") == otherwise


def test_a_day_is_due_until_it_ends() -> None:
    assert format_relative(TODAY, NOW, "en", due=True) == "today"
    assert format_relative(TODAY - dt.timedelta(days=1), NOW, "en", due=True) == "1 day late"
    assert format_relative(TODAY + dt.timedelta(days=1), NOW, "en", due=True) == "1 day left"


def test_days_are_those_of_the_readers_zone() -> None:
    late_evening = dt.datetime(2026, 11, 18, 16, tzinfo=dt.UTC)
    assert format_relative(late_evening, NOW, "en") == "in 2 days"


def test_relative_distances_have_the_readers_digits() -> None:
    assert "۲۵" in format_relative(NOW + dt.timedelta(minutes=25), NOW, "fa")
    assert digits_fa("03-1234") == "۰۳-۱۲۳۴"


def test_format_when_changes_to_the_date_after_a_day() -> None:
    assert format_when(NOW + dt.timedelta(hours=23, minutes=59), NOW, "en") == "in 23 h"
    assert format_when(NOW + dt.timedelta(hours=24), NOW, "en") == "18 Nov"
    assert format_when(NOW - dt.timedelta(hours=24), NOW, "ja") == "11月16日（月）"
