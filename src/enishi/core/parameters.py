"""Values as they stand in addresses: numbers, days and places in a list."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from enishi.core.dates import DateError, parse_date


def number(value: str | None) -> int | None:
    return int(value) if value and value.isdigit() and len(value) < 18 else None


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
