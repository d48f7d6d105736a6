"""Reading the dates that people write in forms and files: ISO, local orders, month names, Japanese eras, Jalali, Excel.

Nothing is guessed silently: where a writing has two readings and no hint decides, `AmbiguousDate` names both.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import jdatetime
from babel import Locale
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from enishi.core.normalise.typed import Unusable, plain, shown
from enishi.core.text import fold

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Calendar = Literal["gregorian", "jalali"]


class DateError(Unusable):
    """A date or time that cannot be read or does not exist; `repair` is the date that was probably meant, in ISO form."""


class AmbiguousDate(DateError):
    """A date with two readings, such as 11/03/2026."""


# First day, name and the letter used in forms.
ERAS = (
    (dt.date(2019, 5, 1), "令和", "R"),
    (dt.date(1989, 1, 8), "平成", "H"),
    (dt.date(1926, 12, 25), "昭和", "S"),
    (dt.date(1912, 7, 30), "大正", "T"),
    (dt.date(1868, 1, 25), "明治", "M"),
)
_JALALI_YEARS = range(1200, 1500)
_LONGEST = 80
_EXCEL_EPOCH = dt.date(1899, 12, 30)
# Whole five digits only: 10000 is 1927, 99999 is 2173.
_EXCEL_SERIAL = re.compile(r"([1-9]\d{4})(?:\.(\d+))?")

_SEPARATED = r"\s*[-/.,]\s*|\s+"
_YEAR_FIRST = re.compile(
    rf"(\d{{4}})(?:\s*年\s*|{_SEPARATED})(\d{{1,2}})(?:\s*月\s*|{_SEPARATED})(\d{{1,2}})\s*日?"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})({_SEPARATED})(\d{{1,2}})(?:{_SEPARATED})(\d{{4}}|\d{{2}})")
_ERA = re.compile(
    rf"(明治|大正|昭和|平成|令和|[明大昭平令]|[mtshr])\s*\.?\s*(元|\d{{1,2}})(?:\s*年\s*|{_SEPARATED})"
    rf"(\d{{1,2}})(?:\s*月\s*|{_SEPARATED})(\d{{1,2}})\s*日?"
)
_KANJI_NUMBER = re.compile(r"[〇一二三四五六七八九十]{1,4}(?=\s*[年月日])")
_KANJI_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
_IN_BRACKETS = re.compile(r"\s*\([^()]{1,12}\)\s*")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|ère|e|º|ª|\.)(?=[\s,])")
_NO_YEAR = re.compile(rf"\d{{1,2}}(?:\s*月\s*|{_SEPARATED})\d{{1,2}}\s*日?")
_NO_DAY = re.compile(
    rf"(?:明治|大正|昭和|平成|令和)\s*(?:元|\d{{1,2}})\s*年(?:\s*\d{{1,2}}\s*月)?|"
    rf"\d{{4}}(?:\s*年\s*|{_SEPARATED})\d{{1,2}}\s*月?|\d{{1,2}}(?:{_SEPARATED})\d{{4}}"
)
_arabic_to_persian = str.maketrans("يىك", "ییک")
_FILLERS = frozenset({"de", "of", "the", "le", "la", "el", "den", "del", "ماه", "سال", "مورخ"})


# --- public


def parse_date(text: str, *, day_first: bool | None = None, calendar: Calendar | None = None) -> dt.date:
    """The day that `text` names; a time behind it is read and left out. Raises `DateError`.

    `day_first` decides 11/03/2026, which is ambiguous without it; with dots the day comes first unless it is False.
    Years 1200 to 1499 are Jalali unless ``calendar="gregorian"``; two-digit years are Jalali with ``calendar="jalali"``.
    Two-digit years: 69 to 99 are 19xx, 00 to 68 are 20xx (as in POSIX); Jalali 50 to 99 are 13xx, 00 to 49 are 14xx.
    Era years beyond the era's end count on (平成33年 is 2021: documents issued before the change carry them).
    """
    day_text, time = _split_time(_prepared(text))
    if time:
        _read_time(time, shown(text))
    return _read_day(day_text, shown(text), day_first, calendar)


def parse_datetime(
    text: str, tz: dt.tzinfo, *, day_first: bool | None = None, calendar: Calendar | None = None
) -> dt.datetime:
    """The moment that `text` names, aware; in `tz` unless the text has an offset; midnight without a time."""
    prepared = _prepared(text)
    if serial := _EXCEL_SERIAL.fullmatch(prepared):
        seconds = round(float(f"0.{serial[2] or 0}") * 86_400)
        start = dt.datetime.combine(_EXCEL_EPOCH + dt.timedelta(days=int(serial[1])), dt.time())
        return _localised(start + dt.timedelta(seconds=seconds), tz, shown(text))
    day_text, time_match = _split_time(prepared)
    day = _read_day(day_text, shown(text), day_first, calendar)
    if time_match is None:
        return _localised(dt.datetime.combine(day, dt.time()), tz, shown(text))
    time = _read_time(time_match, shown(text))
    zone = time_match["zone"]
    if zone:
        return dt.datetime.combine(day, time, _offset(zone, shown(text)))
    return _localised(dt.datetime.combine(day, time), tz, shown(text))


def guess_order(samples: Iterable[str]) -> bool | None:
    """Whether the day comes first in a column of dates: None if nothing decides, or if the column contradicts itself."""
    found: set[bool] = set()
    for sample in samples:
        try:
            day_text, _time = _split_time(_prepared(sample))
        except DateError:
            continue
        match = _YEAR_LAST.fullmatch(day_text)
        if not match:
            continue
        first, second = int(match[1]), int(match[3])
        if 12 < first <= 31 and second <= 12:
            found.add(True)
        elif 12 < second <= 31 and first <= 12:
            found.add(False)
    return found.pop() if len(found) == 1 else None


def jalali_date(year: int, month: int, day: int) -> dt.date:
    """The Gregorian date of a Jalali one; `DateError` if that day does not exist."""
    return _build(year, month, day, jalali=True, typed=f"{year}/{month}/{day}")


# --- parts


def _prepared(text: str) -> str:
    if len(text) > _LONGEST:
        raise DateError(_("“%(typed)s” is not a date. Write it like 2026-11-03."), typed=shown(text))
    prepared = plain(text).translate(_arabic_to_persian).lower()
    prepared = _KANJI_NUMBER.sub(lambda match: str(_kanji_number(match[0])), prepared)
    return " ".join(_IN_BRACKETS.sub(" ", prepared).split())


def _kanji_number(text: str) -> int:
    if "十" not in text:
        return int("".join(str(_KANJI_DIGITS[char]) for char in text))
    tens, _ten, ones = text.partition("十")
    return 10 * (_KANJI_DIGITS.get(tens, 1)) + _KANJI_DIGITS.get(ones, 0)


_TIME = re.compile(
    r"(?:^|(?<=日)|[ t,،]+)(?:at|à|um|ساعت)?\s*(?P<before>午前|午後)?\s*"
    r"(?:(?P<hour>\d{1,2})\s*(?:[:h時]\s*(?P<minute>\d{1,2})?\s*分?(?:[:\s]\s*(?P<second>\d{1,2})(?:[.,]\d+)?)?\s*秒?)|"
    r"(?P<bare>\d{1,2})(?=\s*[ap]\.?m))"
    r"\s*(?P<after>[ap]\.?m\.?|ق\.?ظ|ب\.?ظ)?\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?$"
)


def _split_time(prepared: str) -> tuple[str, re.Match[str] | None]:
    match = _TIME.search(prepared)
    return (prepared[: match.start()].rstrip(" ,،"), match) if match else (prepared, None)


def _read_time(match: re.Match[str], typed: str) -> dt.time:
    hour = int(match["hour"] or match["bare"])
    half = (match["before"] or match["after"] or "").replace(".", "")
    if half:
        afternoon = half in ("午後", "pm", "بظ")
        if hour > 12:
            raise DateError(
                _("“%(typed)s”: hour %(hour)d is not on a 12-hour clock."), typed=typed, hour=hour
            )
        hour = hour % 12 + (12 if afternoon else 0)
    try:
        return dt.time(hour, int(match["minute"] or 0), int(match["second"] or 0))
    except ValueError:
        raise DateError(_("“%(typed)s”: this time of day does not exist."), typed=typed) from None


def _offset(zone: str, typed: str) -> dt.tzinfo:
    if zone in ("z", "utc", "gmt"):
        return dt.UTC
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 14 or minutes > 59:
        raise DateError(_("“%(typed)s”: the time zone %(zone)s does not exist."), typed=typed, zone=zone)
    return dt.timezone((-1 if zone[0] == "-" else 1) * dt.timedelta(hours=hours, minutes=minutes))


def _localised(moment: dt.datetime, tz: dt.tzinfo, typed: str) -> dt.datetime:
    aware = moment.replace(tzinfo=tz)
    if aware.astimezone(dt.UTC).astimezone(tz).replace(tzinfo=None) != moment:
        name = tz.key if isinstance(tz, ZoneInfo) else str(tz)
        raise DateError(
            _("“%(typed)s” does not exist in %(zone)s: clocks were put forward then."), typed=typed, zone=name
        )
    return aware


def _read_day(text: str, typed: str, day_first: bool | None, calendar: Calendar | None) -> dt.date:
    if not text:
        raise DateError(_("The date is missing."))
    if match := _ERA.fullmatch(text):
        return _era_day(match, typed)
    if (match := _YEAR_FIRST.fullmatch(text)) or (match := _COMPACT.fullmatch(text)):
        return _build(*map(int, match.groups()), jalali=_is_jalali(match[1], calendar), typed=typed)
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(match, typed, day_first, calendar)
    if match := _EXCEL_SERIAL.fullmatch(text):
        return _EXCEL_EPOCH + dt.timedelta(days=int(match[1]))
    if day := _with_month_name(text, typed, calendar):
        return day
    if _NO_DAY.fullmatch(text):
        raise DateError(_("“%(typed)s” names no day. Write day, month and year."), typed=typed)
    if _NO_YEAR.fullmatch(text):
        raise DateError(_("“%(typed)s” names no year. Write day, month and year."), typed=typed)
    raise DateError(_("“%(typed)s” is not a date. Write it like 2026-11-03."), typed=typed)


def _era_day(match: re.Match[str], typed: str) -> dt.date:
    start = next(first for first, name, letter in ERAS if match[1] in (name, name[0], letter.lower()))
    year = start.year - 1 + (1 if match[2] == "元" else int(match[2]))
    day = _build(year, int(match[3]), int(match[4]), jalali=False, typed=typed)
    if day < start:
        raise DateError(
            _("“%(typed)s” lies before that era began, on %(start)s."),
            typed=typed,
            start=start.isoformat(),
            repair=day.isoformat() if match[2] != "0" else None,
        )
    return day


def _is_jalali(year: str, calendar: Calendar | None) -> bool:
    return calendar != "gregorian" and int(year) in _JALALI_YEARS


def _full_year(year: str, calendar: Calendar | None) -> int:
    if len(year) != 2:
        return int(year)
    short = int(year)
    if calendar == "jalali":
        return short + (1400 if short < 50 else 1300)
    return short + (2000 if short < 69 else 1900)


def _year_last(
    match: re.Match[str], typed: str, day_first: bool | None, calendar: Calendar | None
) -> dt.date:
    first, second, last = int(match[1]), int(match[3]), match[4]
    if len(last) == 2 and (first > 31 or calendar == "jalali"):
        # 85/11/03: only a year can be that large; two-digit Jalali dates are written year first.
        year = _full_year(match[1].zfill(2), calendar)
        return _build(year, second, int(last), jalali=calendar == "jalali", typed=typed)
    year = _full_year(last, calendar)
    if _is_jalali(str(year), calendar):
        return _build(year, second, first, jalali=True, typed=typed)
    if day_first is None and match[2].strip() == ".":
        day_first = True
    if day_first is None and first <= 12 and second <= 12 and first != second:
        raise AmbiguousDate(
            _("“%(typed)s” can be %(one)s or %(other)s. Say whether the day or the month comes first."),
            typed=typed,
            one=f"{year}-{second:02}-{first:02}",
            other=f"{year}-{first:02}-{second:02}",
        )
    if day_first is None:
        day_first = first > 12 or second <= 12
    day, month = (first, second) if day_first else (second, first)
    return _build(year, month, day, jalali=False, typed=typed)


@cache
def _month_names() -> dict[str, tuple[int, bool]]:
    """Folded month name to (month, whether Jalali)."""
    names = {}
    for language in ("pt", "it", "es", "de", "fa", "fr", "en"):
        for width in ("wide", "abbreviated"):
            for form in ("stand-alone", "format"):
                for month, name in Locale(language).months[form][width].items():
                    names[fold(name)] = (month, False)
    names["sept"] = (9, False)
    jalali = zip(jdatetime.date.j_months_fa, jdatetime.date.j_months_en, strict=True)
    for month, (persian, latin) in enumerate(jalali, 1):
        names[fold(persian)] = names[fold(latin)] = (month, True)
    return names


@cache
def _weekday_names() -> frozenset[str]:
    names = {
        name
        for language in ("en", "fr", "de", "es", "it", "ja", "fa")
        for width in ("wide", "abbreviated")
        for name in Locale(language).days["format"][width].values()
    }
    return frozenset(map(fold, names))


def _with_month_name(text: str, typed: str, calendar: Calendar | None) -> dt.date | None:
    ignored = _weekday_names() | _FILLERS
    words = [word for word in fold(_ORDINAL.sub("", text)).split() if word not in ignored]
    months = _month_names()
    named = [position for position, word in enumerate(words) if word in months]
    if len(named) != 1:
        # "jeudi 3 11 2026" and "火曜日": the weekday is left out and the rest read again.
        rest = " ".join(words)
        return (
            _read_day(rest, typed, None, calendar) if rest and rest != text and rest != fold(text) else None
        )
    month, jalali = months[words[named[0]]]
    numbers = [word for word in words if word not in months]
    if not all(word.isdecimal() and word.isascii() for word in numbers):
        return None
    if len(numbers) == 1:
        raise DateError(_("“%(typed)s” names no year. Write day, month and year."), typed=typed)
    if len(numbers) != 2:
        return None
    day, year = numbers if len(numbers[0]) <= 2 else reversed(numbers)
    if len(year) not in (2, 4) or len(day) > 2:
        return None
    if jalali and len(year) == 2:
        calendar = "jalali"
    return _build(_full_year(year, calendar), month, int(day), jalali=jalali, typed=typed)


def _build(year: int, month: int, day: int, *, jalali: bool, typed: str) -> dt.date:
    if not 1 <= month <= 12:
        swapped = _existing(year, day, month, jalali)
        raise DateError(
            _("“%(typed)s”: month %(month)d does not exist."),
            typed=typed,
            month=month,
            repair=swapped.isoformat() if swapped else None,
        )
    if not 1 <= day <= 31:
        raise DateError(_("“%(typed)s”: day %(day)d does not exist."), typed=typed, day=day)
    found = _existing(year, month, day, jalali)
    if found is None:
        last = next((known for known in (30, 29, 28) if _existing(year, month, known, jalali)), None)
        name: StrPromise | str = jdatetime.date.j_months_en[month - 1] if jalali else MONTHS[month]
        repair = _existing(year, month, last, jalali) if last else None
        raise DateError(
            _("“%(typed)s”: %(day)d %(month)s does not exist in %(year)d."),
            typed=typed,
            day=day,
            month=name,
            year=year,
            repair=repair.isoformat() if repair else None,
        )
    return found


def _existing(year: int, month: int, day: int, jalali: bool) -> dt.date | None:
    try:
        if jalali:
            gregorian: dt.date = jdatetime.date(year, month, day).togregorian()
            return gregorian
        return dt.date(year, month, day)
    except ValueError:
        return None
