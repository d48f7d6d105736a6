"""Recurrence rules in words."""

from __future__ import annotations

from collections.abc import Iterable

from babel import Locale
from babel.lists import format_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, override

from enishi.core.calendar.rules import Rule, parse_rule
from enishi.core.formats import format_full_date, format_number

_EVERY = {
    "DAILY": ngettext_lazy("every day", "every %(count)s days", "n"),
    "WEEKLY": ngettext_lazy("every week", "every %(count)s weeks", "n"),
    "MONTHLY": ngettext_lazy("every month", "every %(count)s months", "n"),
    "YEARLY": ngettext_lazy("every year", "every %(count)s years", "n"),
}
_NTH = {
    1: gettext_lazy("the first %(day)s"),
    2: gettext_lazy("the second %(day)s"),
    3: gettext_lazy("the third %(day)s"),
    4: gettext_lazy("the fourth %(day)s"),
    5: gettext_lazy("the fifth %(day)s"),
    -1: gettext_lazy("the last %(day)s"),
    -2: gettext_lazy("the second to last %(day)s"),
    -3: gettext_lazy("the third to last %(day)s"),
    -4: gettext_lazy("the fourth to last %(day)s"),
    -5: gettext_lazy("the fifth to last %(day)s"),
}
_COMMA = {"ja": "、", "fa": "، "}
_WORKING_WEEK = tuple((day, 0) for day in range(5))


def describe_rule(rule: Rule | str, language: str) -> str:
    """A rule in words: "every 2 weeks, on Monday and Friday, until 31 December 2026"."""
    checked = parse_rule(rule) if isinstance(rule, str) else rule
    with override(language):
        phrases = [
            _EVERY[checked.frequency]
            % {"n": checked.interval, "count": format_number(checked.interval, language)},
            *_months(checked, language),
            *_days(checked, language),
            *_end(checked, language),
        ]
        return _COMMA.get(language.partition("-")[0], ", ").join(map(str, phrases))


def _list(names: Iterable[str], language: str) -> str:
    return format_list(list(names), locale=Locale.parse(language, sep="-"))


def _months(rule: Rule, language: str) -> Iterable[str]:
    if rule.by_month:
        names = Locale.parse(language, sep="-").months["stand-alone"]["wide"]
        yield _("in %(months)s") % {"months": _list((names[month] for month in rule.by_month), language)}


def _days(rule: Rule, language: str) -> Iterable[str]:
    names = Locale.parse(language, sep="-").days["stand-alone"]["wide"]
    if rule.by_month_day:
        yield _("on %(days)s") % {
            "days": _list((_month_day(day, language) for day in rule.by_month_day), language)
        }
    if not rule.by_day:
        return
    plain_days = _list((names[day] for day, _nth in rule.by_day), language)
    if rule.by_set_position:
        days = _("working day (Monday to Friday)") if rule.by_day == _WORKING_WEEK else plain_days
        yield _("on %(days)s") % {
            "days": _list((_nth(nth, days, language) for nth in rule.by_set_position), language)
        }
    else:
        yield _("on %(days)s") % {
            "days": _list(
                (_nth(nth, names[day], language) if nth else names[day] for day, nth in rule.by_day), language
            )
        }


def _month_day(day: int, language: str) -> str:
    if day > 0:
        return _("day %(number)s") % {"number": format_number(day, language)}
    return _nth(day, _("day of the month"), language)


def _nth(nth: int, day: str, language: str) -> str:
    if nth in _NTH:
        return _NTH[nth] % {"day": day}
    if nth > 0:
        return _("%(day)s number %(number)s") % {"day": day, "number": format_number(nth, language)}
    return _("%(day)s number %(number)s from the end") % {"day": day, "number": format_number(-nth, language)}


def _end(rule: Rule, language: str) -> Iterable[str]:
    if rule.count is not None:
        times = ngettext_lazy("%(count)s time", "%(count)s times", "n")
        yield times % {"n": rule.count, "count": format_number(rule.count, language)}
    if rule.until is not None:
        yield _("until %(day)s") % {"day": format_full_date(rule.until, language)}
