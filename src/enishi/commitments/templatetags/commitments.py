"""Small words of promises: shares, rules, addresses of filtered lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language

from enishi.commitments.models import Series
from enishi.core import formats
from enishi.core.calendar import describe_rule

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """A share of 1 in the reader's digits; nothing for none."""
    return "" if share is None else formats.format_percent(share, get_language() or "en")


@register.filter
def at(values: Mapping[str, Any], key: str) -> Any:
    """One value of a mapping by a key that the template knows only as a variable."""
    return values.get(key, "")


@register.filter
def repeats(series: Series) -> str:
    """How often something comes back, in words."""
    return describe_rule(series.rule, get_language() or "en")


@register.simple_tag
def query_of(kept: Mapping[str, str], **changed: Any) -> str:
    """The filter of a list as an address, with parts of it changed."""
    return urlencode({**kept, **{name: value for name, value in changed.items() if value}})


@register.filter
def long_day(day: dt.date) -> str:
    """A day with its weekday, as the head of a page: Tuesday 17 November."""
    language = get_language() or "en"
    if language in {"ja", "fa"}:
        name = "" if language == "ja" else f"{date_format(day, 'l')} "
        return name + formats.format_date(day, language, today=day)
    return date_format(day, "l j F")


@register.filter
def weekday(day: dt.date) -> str:
    """The weekday as short as the head of a calendar wants it: Mon, 月, ش."""
    name = date_format(day, "D")
    return name[0] if get_language() == "fa" else name
