"""A conversation to come as calendars take it: iCalendar (RFC 5545), as invitations are sent (RFC 5546).

Each person invited gets a file that names nobody else: who was invited with them is not theirs to be told.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings


@dataclass(frozen=True)
class Person:
    name: str
    address: str


@dataclass(frozen=True)
class Entry:
    """One appointment. ``uid`` never changes, ``sequence`` is raised with each change."""

    uid: str
    sequence: int
    written_at: dt.datetime
    starts_at: dt.datetime
    minutes: int
    time_zone: str
    title: str
    place: str = ""
    text: str = ""
    language: str = "en"
    organiser: Person | None = None
    guest: Person | None = None
    answer: str = ""


_PARTSTAT = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}
_ANSWERS = {stands: answer for answer, stands in _PARTSTAT.items()}
_LONGEST = 100_000
"""Bytes of an answer: a real one has about a thousand."""


@dataclass(frozen=True)
class Answered:
    """What a calendar program answers for ``guest``, an address, to the entry of that ``uid``."""

    uid: str
    guest: str
    answer: str
    sequence: int
    starts_at: dt.datetime | None
    written_at: dt.datetime | None
    note: str


def uid_of(interaction_id: int) -> str:
    return f"conversation-{interaction_id}@{urlsplit(settings.ENV.base_url).hostname}"


def calendar_file(entry: Entry, method: str) -> bytes:
    """The file for a mail (``REQUEST``, ``CANCEL``) or for oneself (``PUBLISH``)."""
    # A fifth of a second, which only who invites needs.
    from icalendar import Calendar, Event, Timezone

    zone = zoneinfo.ZoneInfo(entry.time_zone)
    starts = entry.starts_at.astimezone(zone)
    ends = (entry.starts_at + dt.timedelta(minutes=entry.minutes)).astimezone(zone)
    calendar = Calendar()
    calendar.add("prodid", "-//Enishi//Enishi//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if entry.time_zone != "UTC":
        first, last = dt.date(starts.year, 1, 1), dt.date(ends.year, 12, 31)
        calendar.add_component(Timezone.from_tzinfo(zone, first_date=first, last_date=last))
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.written_at.astimezone(dt.UTC))
    event.add("dtstart", starts if entry.time_zone != "UTC" else starts.astimezone(dt.UTC))
    event.add("dtend", ends if entry.time_zone != "UTC" else ends.astimezone(dt.UTC))
    event.add("summary", entry.title, {"LANGUAGE": entry.language})
    if entry.place:
        event.add("location", entry.place)
    if entry.text:
        event.add("description", entry.text)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    if entry.organiser:
        _add_person(event, "organizer", entry.organiser, {})
    if entry.guest:
        stands = _PARTSTAT.get(entry.answer, "NEEDS-ACTION")
        _add_person(
            event, "attendee", entry.guest, {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": stands, "RSVP": "TRUE"}
        )
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def read_answer(data: bytes) -> Answered | None:
    """The answer of one person in a file of method ``REPLY``; None for anything else, however it is broken."""
    from icalendar import Calendar

    if len(data) > _LONGEST:
        return None
    try:
        calendar = Calendar.from_ical(data)
        (event,) = calendar.walk("VEVENT")
        guest = event["attendee"]
        answer = _ANSWERS[str(guest.params.get("PARTSTAT", "")).upper()]
        if str(calendar.get("method", "")).upper() != "REPLY":
            return None
        return Answered(
            uid=str(event["uid"]),
            guest=re.sub(r"(?i)^mailto:", "", str(guest)).strip(),
            answer=answer,
            sequence=int(event.get("sequence", 0)),
            starts_at=_moment(event, "dtstart"),
            written_at=_moment(event, "dtstamp"),
            note=str(event.get("comment", "")),
        )
    except (ValueError, KeyError, AttributeError, TypeError, IndexError):
        return None


def _moment(event: Any, name: str) -> dt.datetime | None:
    """None for a day without an hour, and for an hour of a zone that was not said."""
    found = event[name].dt if name in event else None
    return found if isinstance(found, dt.datetime) and found.tzinfo else None


def _add_person(event: object, name: str, person: Person, parameters: dict[str, str]) -> None:
    from icalendar import vCalAddress

    one = vCalAddress(f"mailto:{person.address}")
    # Control characters and quotes have no place in a parameter of theirs, and programs differ in how they escape them.
    one.params["CN"] = " ".join(person.name.replace('"', "'").split())
    one.params.update(parameters)
    event.add(name, one, encode=0)  # type: ignore[attr-defined]
