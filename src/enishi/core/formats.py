"""Dates, times and numbers in words of the reader's language.

Dates say their year only when it is not the present one; Persian readers get Jalali dates and Persian digits.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache

import jdatetime
from babel import Locale
from django.utils.translation import get_language, gettext, ngettext_lazy, override

from enishi.core.dates import ERAS

_persian_digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_SEPARATORS = {"fr": ("\u202f", ","), "fa": ("٬", "٫")}


def _base(language: str) -> str:
    base = language.partition("-")[0]
    return base if base in ("ja", "fr", "fa") else "en"


def digits_fa(text: str) -> str:
    """`text` with Persian digits."""
    return text.translate(_persian_digits)


def _digits(text: str, language: str) -> str:
    return digits_fa(text) if _base(language) == "fa" else text


# --- numbers


def format_number(value: float | Decimal, language: str, *, decimals: int | None = None) -> str:
    """1,204.5 in English and Japanese, 1 204,5 (narrow no-break space) in French, ۱٬۲۰۴٫۵ in Persian."""
    if decimals is not None:
        text = f"{value:,.{decimals}f}"
    else:
        text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    group, point = _SEPARATORS.get(_base(language), (",", "."))
    text = text.replace(",", "\0").replace(".", point).replace("\0", group)
    return _digits(text.replace("-", "\u2212"), language)


def counted(value: float | Decimal) -> str:
    """A number with the digits and separators of whoever reads now."""
    return format_number(value, get_language() or "en")


def format_percent(share: float | Decimal, language: str) -> str:
    """A share of 1 as a percentage, with one decimal only below 10 %."""
    percent = float(share) * 100
    decimals = 1 if 0 < abs(percent) < 9.95 else 0
    sign = {"fr": "\u202f%", "fa": "٪"}.get(_base(language), "%")
    return format_number(percent, language, decimals=decimals) + sign


# --- dates


@cache
def _month_names(language: str, width: str) -> dict[int, str]:
    return dict(Locale(language).months["format"][width])


@cache
def _weekday_names(language: str, width: str) -> dict[int, str]:
    return dict(Locale(language).days["format"][width])


def _local_date(value: dt.date, tz: dt.tzinfo | None) -> dt.date:
    if isinstance(value, dt.datetime):
        return (value.astimezone(tz) if tz and value.tzinfo else value).date()
    return value


def format_date(
    value: dt.date, language: str, *, today: dt.date, tz: dt.tzinfo | None = None, long: bool = False
) -> str:
    """17 Nov; 17 nov.; 11月17日（火）; ۲۶ آبان. With the year, without weekday, if it is not that of `today`; `long` has both."""
    day = _local_date(value, tz)
    language = _base(language)
    if language == "fa":
        return _jalali(day, today=today, long=long)
    with_year = long or day.year != today.year
    weekday = _weekday_names(language, "wide" if long and language != "ja" else "abbreviated")[day.weekday()]
    if language == "ja":
        of_week = f"（{weekday}）" if long or not with_year else ""
        return f"{f'{day.year}年' if with_year else ''}{day.month}月{day.day}日{of_week}"
    month = _month_names(language, "wide" if long else "abbreviated")[day.month]
    number = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return " ".join([*([weekday] if long else []), number, month, *([str(day.year)] if with_year else [])])


def _jalali(day: dt.date, *, today: dt.date, long: bool) -> str:
    date, present = jdatetime.date.fromgregorian(date=day), jdatetime.date.fromgregorian(date=today)
    text = f"{date.day} {jdatetime.date.j_months_fa[date.month - 1]}"
    if long or date.year != present.year:
        text += f" {date.year}"
    if long:
        text = f"{_weekday_names('fa', 'wide')[day.weekday()]} {text}"
    return digits_fa(text)


def format_full_date(value: dt.date, language: str, *, tz: dt.tzinfo | None = None) -> str:
    """Day, month and year, without the weekday: 17 November 2026; 2026年11月17日; ۲۶ آبان ۱۴۰۵."""
    day = _local_date(value, tz)
    language = _base(language)
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日"
    return format_date(day, language, today=day, long=True).partition(" ")[2]


def month_of(value: dt.date, language: str, *, tz: dt.tzinfo | None = None) -> tuple[tuple[int, int], str]:
    """The month of the reader's calendar in which a day lies: year and number to sort by, and its name with the year."""
    day = _local_date(value, tz)
    language = _base(language)
    if language == "fa":
        date = jdatetime.date.fromgregorian(date=day)
        return (
            date.year,
            date.month,
        ), f"{jdatetime.date.j_months_fa[date.month - 1]} {digits_fa(str(date.year))}"
    if language == "ja":
        return (day.year, day.month), f"{day.year}年{day.month}月"
    return (day.year, day.month), f"{_month_names(language, 'wide')[day.month]} {day.year}"


def format_time(value: dt.datetime | dt.time, language: str, *, tz: dt.tzinfo | None = None) -> str:
    """Hours and minutes on the 24-hour clock."""
    if isinstance(value, dt.datetime) and tz and value.tzinfo:
        value = value.astimezone(tz)
    return _digits(f"{value:%H:%M}", language)


def format_datetime(
    value: dt.datetime, language: str, *, today: dt.date, tz: dt.tzinfo | None = None, long: bool = False
) -> str:
    """Date and time: 17 Nov, 14:05."""
    joint = {"ja": "", "fa": "، ", "fr": " à "}.get(_base(language), ", ")
    day = format_date(value, language, today=today, tz=tz, long=long)
    return f"{day}{joint}{format_time(value, language, tz=tz)}"


def era(day: dt.date) -> str:
    """The Japanese year of a day, such as 令和8年 or 平成元年; "" before the Meiji era."""
    for start, name, _letter in ERAS:
        if day >= start:
            year = day.year - start.year + 1
            return f"{name}{'元' if year == 1 else year}年"
    return ""


def second_form(value: dt.date, language: str, *, tz: dt.tzinfo | None = None) -> str:
    """The same date in the other calendar its reader knows: era for Japanese, Gregorian for Persian; else ""."""
    day = _local_date(value, tz)
    match _base(language):
        case "ja":
            return f"{name}{day.month}月{day.day}日" if (name := era(day)) else ""
        case "fa":
            return digits_fa(f"{day.day} {_month_names('fa', 'wide')[day.month]} {day.year}")
        case _:
            return ""


# --- distance from now

# "n" chooses the plural, "count" is the number in the reader's digits.
_DISTANCES = {
    "min left": ngettext_lazy("%(count)s min left", "%(count)s min left", "n"),
    "min late": ngettext_lazy("%(count)s min late", "%(count)s min late", "n"),
    "min ahead": ngettext_lazy("in %(count)s min", "in %(count)s min", "n"),
    "min ago": ngettext_lazy("%(count)s min ago", "%(count)s min ago", "n"),
    "h left": ngettext_lazy("%(count)s h left", "%(count)s h left", "n"),
    "h late": ngettext_lazy("%(count)s h late", "%(count)s h late", "n"),
    "h ahead": ngettext_lazy("in %(count)s h", "in %(count)s h", "n"),
    "h ago": ngettext_lazy("%(count)s h ago", "%(count)s h ago", "n"),
    "days left": ngettext_lazy("%(count)s day left", "%(count)s days left", "n"),
    "days late": ngettext_lazy("%(count)s day late", "%(count)s days late", "n"),
    "days ahead": ngettext_lazy("in %(count)s day", "in %(count)s days", "n"),
    "days ago": ngettext_lazy("%(count)s day ago", "%(count)s days ago", "n"),
}


def format_relative(value: dt.date, now: dt.datetime, language: str, *, due: bool = False) -> str:
    """How far `value` is from `now`: "25 min left", "1 day late" for what is `due`, else "in 4 h", "3 days ago".

    Days count as days of the calendar in the zone of `now`; a date without a time is due until its day ends.
    """
    with override(language):
        if isinstance(value, dt.datetime):
            minutes = int((value - now).total_seconds() / 60)
            if minutes == 0:
                return gettext("now")
            if abs(minutes) < 60:
                return _distance(minutes, "min", language, due=due)
            if abs(minutes) < 24 * 60:
                return _distance(int(minutes / 60), "h", language, due=due)
        days = (_local_date(value, now.tzinfo) - now.date()).days
        return _distance(days, "days", language, due=due) if days else gettext("today")


def _distance(count: int, unit: str, language: str, *, due: bool) -> str:
    direction = ("left" if due else "ahead") if count > 0 else ("late" if due else "ago")
    number = abs(count)
    return _DISTANCES[f"{unit} {direction}"] % {"n": number, "count": format_number(number, language)}


def format_when(value: dt.datetime, now: dt.datetime, language: str, *, due: bool = False) -> str:
    """Relative within 24 hours, else the date: what lists show. Dates are those of the zone of `now`."""
    if abs((value - now).total_seconds()) < 24 * 3600:
        return format_relative(value, now, language, due=due)
    return format_date(value, language, today=now.date(), tz=now.tzinfo)
