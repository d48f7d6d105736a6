"""The moment a message was sent, from the Date header or the next best witness."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from .defects import Defect
from .mime import Headers

COMMENT = re.compile(r"\([^()]*\)")
SPACED_COLON = re.compile(r"\s*:\s*")
# ctime with an optional zone before or after the year, as mbox separator lines write it.
ENVELOPE_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+(\d{1,2})\s+"
    r"(\d{1,2}:\d{2}(?::\d{2})?)\s+(?:([A-Z]{1,5}|[+-]\d{4})\s+)?(\d{4})(?:\s+([+-]\d{4}))?\s*$"
)
# Mail is not older; a year beyond is a broken clock.
FIRST_YEAR, LAST_YEAR = 1970, 2100
MAX_LENGTH = 200


def read_date(headers: Headers, envelope: str) -> tuple[datetime | None, Defect | None]:
    """An aware moment and the repair it needed.

    The Date header is believed when it names a real moment with a zone; else the last relay's stamp (the first
    Received), then the mailbox's separator line, which states no zone and is read as UTC.
    """
    date, certain = parse(_text(headers.get(b"date")))
    if date and certain:
        return date, None
    delivered = _delivered(headers)
    if date and not (delivered and abs(delivered - date) < timedelta(hours=26)):
        return date, Defect.DATE_REPAIRED
    if delivered:
        return delivered, Defect.DATE_FROM_DELIVERY
    if stamped := envelope_date(envelope):
        return stamped, Defect.DATE_FROM_MAILBOX
    resent, _ = parse(_text(headers.get(b"resent-date")))
    return (resent, Defect.DATE_REPAIRED) if resent else (None, Defect.DATE_MISSING)


def parse(text: str) -> tuple[datetime | None, bool]:
    """A moment written as RFC 5322 or ISO 8601, and whether it was written well (a zone, no repair)."""
    if not text or len(text) > MAX_LENGTH:
        return None, False
    found, certain = _parse_once(text)
    if found is None:
        found, certain = _parse_once(SPACED_COLON.sub(":", COMMENT.sub(" ", text)))
    return found, certain


def envelope_date(line: str) -> datetime | None:
    """The date at the end of an mbox separator line."""
    match = ENVELOPE_DATE.search(line[-MAX_LENGTH:])
    if not match:
        return None
    month, day, clock, zone, year, offset = match.groups()
    return _parse_once(f"{day} {month} {year} {clock} {offset or zone or '+0000'}")[0]


def _parse_once(text: str) -> tuple[datetime | None, bool]:
    try:
        fields = parsedate_tz(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        fields = None
    if fields is None:
        return _parse_iso(text), True
    year, month, day, hour, minute, second = fields[:6]
    offset = fields[9]
    try:
        # A leap second is written 60; datetime knows none.
        naive = datetime(year, month, day, hour, minute, min(second, 59))
        zone = UTC if not offset else timezone(timedelta(seconds=offset))
    except (ValueError, OverflowError):
        return None, False
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None, False
    # The standard library reads an unknown zone as -0000.
    return naive.replace(tzinfo=zone), offset is not None and (offset != 0 or _states_utc(text))


def _states_utc(text: str) -> bool:
    words = COMMENT.sub(" ", text).split()
    return bool(words) and (
        words[-1].lstrip("+-").strip("0") == "" or words[-1].upper() in ("UT", "UTC", "GMT", "Z")
    )


def _parse_iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _delivered(headers: Headers) -> datetime | None:
    for value in headers.all(b"received")[:20]:
        date, _ = parse(_text(value.rpartition(b";")[2]))
        if date:
            return date
    return None


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip()
