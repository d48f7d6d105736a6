"""What a party's facts look like on its page: numbers, dates, values of own fields in the reader's way."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.contacts.models import ContactPoint, Field, Party
from enishi.contacts.queries import naming, protected
from enishi.contacts.queries.record import Record, Value, ended
from enishi.contacts.queries.setup import purpose_name
from enishi.core import clock, formats, money, normalise
from enishi.core.choices import language_name

PEOPLE = 6
"""So many of an organisation's people stand on its page before it asks for the rest."""
ICONS = {"email": "mail", "phone": "phone", "address": "map-pin", "web": "world", "other": "message-circle"}


def language() -> str:
    return get_language() or "en"


@dataclass(frozen=True)
class Reach:
    """A way to reach somebody as a line: what is read, where it leads, what is known of it."""

    point: ContactPoint
    text: str
    url: str
    icon: str
    words: str
    useless: bool
    map_url: str = ""


def page_parts(record: Record) -> dict[str, Any]:
    """What the facts column says beyond the record itself."""
    party = record.party
    gone = party.status == Party.Status.DECEASED
    email, phone = record.best(ContactPoint.Kind.EMAIL), record.best(ContactPoint.Kind.PHONE)
    people = [] if party.is_person else [t for t in record.ties.current if t.belongs and t.party.is_person]
    return {
        "reaches": [reach(point) for point in record.current_points],
        "past_reaches": [reach(point) for point in record.past_points],
        "open_kinds": record.open_kinds,
        "closed_kinds": [label for kind, label in protected.REACH.items() if kind in record.hidden],
        "greeting": naming.greeting(party) if party.is_person and not gone else None,
        "local": None if gone else local_time(party.time_zone),
        "language_name": language_name(party.language),
        "where": naming.shown_name(record.affiliation.party, language()) if record.affiliation else None,
        "people": people,
        "people_shown": PEOPLE,
        "other_ties": [tie for tie in record.ties.current if tie not in people],
        "past_ties": record.ties.past,
        "consents": [{"consent": one, "name": purpose_name(one.purpose)} for one in record.consents],
        "hidden": record.hidden,
        "own_values": [{"field": value.field, "shown": shown_values(value)} for value in record.values],
        "write_url": "" if gone or email is None else f"mailto:{email.value}",
        "call_url": "" if gone or phone is None else f"tel:{phone.value}",
        "kinds": [(kind.value, kind.label, ICONS[kind.value]) for kind in record.open_kinds],
    }


def reach(point: ContactPoint) -> Reach:
    text, url = point.value, ""
    if point.kind == ContactPoint.Kind.PHONE:
        text, url = _phone(point)
    elif point.kind == ContactPoint.Kind.EMAIL:
        url = f"mailto:{point.value}"
    elif point.kind == ContactPoint.Kind.WEB and point.value.startswith(("http://", "https://")):
        text, url = point.value.partition("://")[2].rstrip("/"), point.value
    useless = ended(point)
    words = [str(ContactPoint.Label(point.label).label)] if point.label else []
    if point.status not in {ContactPoint.Status.UNCHECKED, ContactPoint.Status.GOOD}:
        words.append(str(ContactPoint.Status(point.status).label))
    words += filter(None, (dates(point.valid_from, point.valid_until), point.note))
    icon = {"email": "mail-off", "phone": "phone-off"}.get(point.kind) if useless else None
    at = "" if point.latitude is None else f"{reverse('contacts:map')}?at={point.latitude},{point.longitude}"
    return Reach(
        point, text, "" if useless else url, icon or ICONS[point.kind], ", ".join(words), useless, at
    )


def _phone(point: ContactPoint) -> tuple[str, str]:
    try:
        text = normalise.phone(point.value).international
    except normalise.Unusable:
        return point.value, ""
    extension = point.parts.get("extension")
    more = _(" ext. %(number)s") % {"number": extension} if extension else ""
    return text + more, f"tel:{point.value}" + (f";ext={extension}" if extension else "")


def dates(start: dt.date | None, end: dt.date | None) -> str:
    """From when until when something holds, in words."""
    today = clock.today()
    first, last = (formats.format_date(day, language(), today=today) if day else "" for day in (start, end))
    if first and last:
        return _("%(start)s to %(end)s") % {"start": first, "end": last}
    if first:
        return _("since %(start)s") % {"start": first}
    return _("until %(end)s") % {"end": last} if last else ""


def local_time(zone: str) -> dict[str, str] | None:
    """What the clock says where somebody is."""
    try:
        here = clock.now().astimezone(zoneinfo.ZoneInfo(zone)) if zone else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
    if here is None:
        return None
    return {"time": formats.format_time(here, language()), "place": zone.rpartition("/")[2].replace("_", " ")}


def shown_values(value: Value) -> list[dict[str, Any]]:
    """The values of one own field, each as text with the page it leads to."""
    shown: list[dict[str, Any]] = []
    for row in value.values:
        match value.field.kind:
            case Field.Kind.MONEY if row.number is not None and row.currency:
                text = money.format_money(money.Money(row.number, row.currency), language(), whole=True)
            case Field.Kind.NUMBER | Field.Kind.MONEY if row.number is not None:
                text = formats.format_number(row.number.normalize(), language())
            case Field.Kind.DATE if row.date is not None:
                text = formats.format_date(row.date, language(), today=clock.today())
            case Field.Kind.FLAG:
                text = _("Yes") if row.flag else _("No")
            case Field.Kind.PERSON | Field.Kind.FILE:
                target = row.person_id if value.field.kind == Field.Kind.PERSON else row.file_id
                name, url = value.links.get(target or 0, ("", ""))
                if not name:
                    continue
                shown.append({"text": name, "url": url or reverse("contacts:party", args=[target])})
                continue
            case _:
                text = row.text
        shown.append({"text": text, "url": ""})
    return shown
