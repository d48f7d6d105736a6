"""Ways to reach somebody, normalised: what is stored, what was typed, and what duplicates are found by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from enishi.contacts.models import ContactPoint, Town
from enishi.core import normalise, text

ROADS_FIRST = ("street", "building", "postcode", "city", "region")
PLACES_FIRST = ("postcode", "region", "city", "street", "building")


@dataclass(frozen=True)
class PointDraft:
    """A way to reach somebody, as typed. ``parts`` are the pieces of a postal address."""

    kind: str
    typed: str
    label: str = ContactPoint.Label.WORK
    parts: Mapping[str, str] = field(default_factory=dict)
    is_primary: bool = False
    note: str = ""
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    status: str = ContactPoint.Status.UNCHECKED


@dataclass(slots=True)
class Normalised:
    value: str
    key: str = ""
    parts: dict[str, str] = field(default_factory=dict)


def normalised(kind: str, typed: str, parts: Mapping[str, str], *, country: str) -> Normalised:
    """The stored form of a point. Raises ``normalise.Unusable`` with the repair where one is likely."""
    if kind == ContactPoint.Kind.EMAIL:
        value = normalise.email(typed).value
        return Normalised(value, value.lower())
    if kind == ContactPoint.Kind.PHONE:
        number = normalise.phone(typed, country)
        return Normalised(
            number.value, number.value, {"extension": number.extension} if number.extension else {}
        )
    if kind == ContactPoint.Kind.ADDRESS:
        return _address(typed, parts, country)
    if kind == ContactPoint.Kind.WEB:
        return Normalised(normalise.url(typed).value)
    return Normalised(typed)


def _address(typed: str, given: Mapping[str, str], country: str) -> Normalised:
    parts = {name: text.clean(value).strip() for name, value in given.items() if value and value.strip()}
    here = normalise.country(parts["country"]).value if parts.get("country") else country
    parts["country"] = here
    key = ""
    if parts.get("postcode"):
        parts["postcode"] = normalise.postcode(parts["postcode"], here).value
        key = f"{here}:{text.fold(parts['postcode'])}"
    lines = [parts[name] for name in (PLACES_FIRST if here == "JP" else ROADS_FIRST) if parts.get(name)]
    return Normalised((", ".join(lines) or typed)[:500], key, parts)


def give_place(point: ContactPoint, *, before: ContactPoint | None) -> None:
    """Where an address that is being saved lies: as before while its lines are the same, else where its town was put.

    What is not known here is looked up by the next job.
    """
    if point.kind != ContactPoint.Kind.ADDRESS:
        return
    if before is not None and before.parts == point.parts and before.value == point.value:
        point.latitude, point.longitude = before.latitude, before.longitude
        point.place_source = before.place_source
        return
    town = Town.objects.filter(
        country=point.parts["country"], key=text.fold(point.parts.get("city", ""))
    ).first()
    if town is not None:
        point.latitude, point.longitude = town.latitude, town.longitude
        point.place_source = ContactPoint.Place.TOWN
