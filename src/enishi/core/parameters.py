"""Values as they stand in addresses: numbers, days and places in a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone

from enishi.core.dates import DateError, parse_date
from enishi.core.text import clean

SEARCHED = 200
"""Signs at most, of what is searched for."""


def number(value: str | None) -> int | None:
    """A number that a row can have; None for what is none. Digits of every script are read."""
    return int(value) if value and value.isdecimal() and len(value) < 18 else None


def numbers(values: Iterable[str]) -> list[int]:
    """Those of the values that are numbers of rows."""
    return [found for value in values if (found := number(value)) is not None]


def words(value: str | None) -> str:
    """What somebody typed to search for: one line that the database can be asked with."""
    return clean((value or "").strip(), max_length=SEARCHED)


def day(value: str | None, *, after: bool = False) -> dt.datetime | None:
    """The beginning of a day in the reader's time zone, or of the day after it; None for what is no day.

    The day may be written in any calendar, as people type it.
    """
    try:
        found = parse_date(value or "")
        found += dt.timedelta(days=1) if after else dt.timedelta()
    except (DateError, OverflowError):
        return None
    return timezone.make_aware(dt.datetime.combine(found, dt.time()))


def moment_and_id(value: str | None) -> tuple[dt.datetime, int] | None:
    """A place in a keyset, as it stands in an address; None for what is none."""
    moment, _sep, pk = (value or "").rpartition("~")
    try:
        return dt.datetime.fromisoformat(moment), int(pk)
    except ValueError:
        return None


def in_address(at: dt.datetime, pk: int) -> str:
    return f"{at.isoformat()}~{pk}"
