"""Values as people read them, and texts that no spreadsheet takes for a formula."""

from __future__ import annotations

import datetime as dt
import re

from enishi.core.documents.paper import Cell
from enishi.core.formats import format_date, format_datetime, format_number

# A year that no report is about, so that every date says its own.
_ALWAYS_WITH_YEAR = dt.date(1900, 6, 1)

# What a spreadsheet takes for the beginning of a formula, also in full width; and numbers, which are none.
_DANGEROUS = re.compile(
    r"[\s\x00-\x1f\ufeff\u200b-\u200f\u202a-\u202e\u2066-\u2069]*[=+\-@＝＋－＠]|[\t\r\n]"
)
_NUMBER = re.compile(r"\+[0-9]{3,15}|-?[0-9]+(?:\.[0-9]+)?")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula when it opens a CSV file. Phone numbers and numbers stay usable."""
    if _DANGEROUS.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def shown(value: Cell, language: str, zone: dt.tzinfo) -> str:
    """A value in words of that language."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        return format_datetime(value, language, today=_ALWAYS_WITH_YEAR, tz=zone)
    if isinstance(value, dt.date):
        return format_date(value, language, today=_ALWAYS_WITH_YEAR)
    return format_number(value, language)
