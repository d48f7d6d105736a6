"""One contact as read: the texts of the file sorted by meaning, nothing normalised, each with the column it came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from enishi.contacts.importing.reasons import Reason


@dataclass(slots=True)
class Reading:
    value: str
    column: str = ""


@dataclass(slots=True)
class ContactPoint:
    """An e-mail address, phone number or web address. `kind` is one of the target's kinds or empty."""

    value: str
    column: str = ""
    kind: str = ""
    label: str = ""
    preferred: bool = False


@dataclass(slots=True)
class PostalAddress:
    """`parts` by target code: postcode, country, region, city, street, building, address (the whole in one text)."""

    parts: dict[str, Reading] = field(default_factory=dict)
    kind: str = ""
    label: str = ""


@dataclass(slots=True)
class Affiliation:
    organisation: Reading | None = None
    organisation_kana: Reading | None = None
    department: Reading | None = None
    job_title: Reading | None = None
    seen_on: Reading | None = None


@dataclass(slots=True)
class Doubt:
    """A value that was read but should be looked at; it refuses nothing."""

    column: str
    reason: Reason


@dataclass(slots=True)
class Draft:
    """`texts` holds the targets that have one value (name parts, birthday, language…); `yes_no` those that are switches.

    `keyed` maps a target (`custom`, `consent`, `consent_until`, `refusal`, `external_id`) to values by key.
    """

    number: int
    texts: dict[str, Reading] = field(default_factory=dict)
    yes_no: dict[str, bool] = field(default_factory=dict)
    affiliations: list[Affiliation] = field(default_factory=list)
    emails: list[ContactPoint] = field(default_factory=list)
    phones: list[ContactPoint] = field(default_factory=list)
    urls: list[ContactPoint] = field(default_factory=list)
    addresses: list[PostalAddress] = field(default_factory=list)
    tags: list[Reading] = field(default_factory=list)
    notes: list[Reading] = field(default_factory=list)
    keyed: dict[str, dict[str, Reading]] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    photo: bytes | None = None
    photo_type: str = ""

    def text(self, code: str) -> str:
        reading = self.texts.get(code)
        return reading.value if reading else ""

    @property
    def is_organisation(self) -> bool:
        """Whether the row speaks of an organisation: it says so, or it names one and no person."""
        if "is_organisation" in self.yes_no:
            return self.yes_no["is_organisation"]
        said = self.text("party_kind").casefold()
        if said:
            return said in _ORGANISATION_WORDS
        return bool(self.affiliations and self.affiliations[0].organisation) and not self.has_person_name

    @property
    def has_person_name(self) -> bool:
        return any(
            code in self.texts
            for code in ("full_name", "family_name", "given_name", "full_kana", "family_kana", "romaji")
        )

    @property
    def is_empty(self) -> bool:
        return not (
            self.texts.keys() - {"party_kind", "owner"}
            or self.affiliations
            or self.emails
            or self.phones
            or self.urls
        )

    def readings(self) -> Iterator[tuple[str, Reading]]:
        """Every single text with its target, for search and for telling a column in a message."""
        yield from self.texts.items()
        for affiliation in self.affiliations:
            for code in ("organisation", "organisation_kana", "department", "job_title", "seen_on"):
                if reading := getattr(affiliation, code):
                    yield code, reading
        for address in self.addresses:
            yield from address.parts.items()
        yield from (("tags", tag) for tag in self.tags)
        yield from (("note", note) for note in self.notes)
        for code, values in self.keyed.items():
            yield from ((f"{code}:{key}", reading) for key, reading in values.items())

    def to_json(self) -> dict[str, Any]:
        """Plain data without the photo, leaving out what is empty."""
        data: dict[str, Any] = {"number": self.number}
        for name in _JSON_FIELDS:
            if value := getattr(self, name):
                data[name] = _TO_JSON.get(name, _same)(value)
        if self.doubts:
            data["doubts"] = [
                {"column": doubt.column, "reason": doubt.reason.to_json()} for doubt in self.doubts
            ]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Draft:
        return cls(
            number=data["number"],
            texts=_readings(data.get("texts", {})),
            yes_no=dict(data.get("yes_no", {})),
            affiliations=[Affiliation(**_readings(item)) for item in data.get("affiliations", ())],
            emails=[ContactPoint(**item) for item in data.get("emails", ())],
            phones=[ContactPoint(**item) for item in data.get("phones", ())],
            urls=[ContactPoint(**item) for item in data.get("urls", ())],
            addresses=[
                PostalAddress(**{**item, "parts": _readings(item["parts"])})
                for item in data.get("addresses", ())
            ],
            tags=[Reading(**item) for item in data.get("tags", ())],
            notes=[Reading(**item) for item in data.get("notes", ())],
            keyed={code: _readings(values) for code, values in data.get("keyed", {}).items()},
            doubts=[
                Doubt(item["column"], Reason.from_json(item["reason"])) for item in data.get("doubts", ())
            ],
            photo_type=data.get("photo_type", ""),
        )


_ORGANISATION_WORDS = frozenset(
    {
        "organization",
        "organisation",
        "company",
        "org",
        "business",
        "account",
        "会社",
        "法人",
        "組織",
        "団体",
        "société",
        "entreprise",
    }
    | {"organisme", "سازمان", "شرکت"}
)


def _same(value: Any) -> Any:
    return value


def _reading_json(reading: Reading) -> dict[str, str]:
    return {"value": reading.value, "column": reading.column}


def _readings_json(readings: Mapping[str, Reading]) -> dict[str, Any]:
    return {code: _reading_json(reading) for code, reading in readings.items()}


def _list_json(readings: list[Reading]) -> list[dict[str, str]]:
    return [_reading_json(reading) for reading in readings]


def _points_json(points: list[ContactPoint]) -> list[dict[str, Any]]:
    data = []
    for point in points:
        item: dict[str, Any] = {"value": point.value, "column": point.column}
        if point.kind:
            item["kind"] = point.kind
        if point.label:
            item["label"] = point.label
        if point.preferred:
            item["preferred"] = True
        data.append(item)
    return data


def _addresses_json(addresses: list[PostalAddress]) -> list[dict[str, Any]]:
    return [
        {"parts": _readings_json(item.parts), "kind": item.kind, "label": item.label} for item in addresses
    ]


_AFFILIATION = tuple(spec.name for spec in dataclasses.fields(Affiliation))


def _affiliations_json(affiliations: list[Affiliation]) -> list[dict[str, Any]]:
    return [
        {code: _reading_json(part) for code in _AFFILIATION if (part := getattr(item, code))}
        for item in affiliations
    ]


_TO_JSON: dict[str, Callable[[Any], Any]] = {
    "texts": _readings_json,
    "affiliations": _affiliations_json,
    "emails": _points_json,
    "phones": _points_json,
    "urls": _points_json,
    "addresses": _addresses_json,
    "tags": _list_json,
    "notes": _list_json,
    "keyed": lambda keyed: {code: _readings_json(values) for code, values in keyed.items()},
}


_JSON_FIELDS = tuple(
    spec.name for spec in dataclasses.fields(Draft) if spec.name not in ("number", "photo", "doubts")
)


def _readings(data: Mapping[str, Any]) -> dict[str, Reading]:
    return {code: Reading(**item) for code, item in data.items()}
