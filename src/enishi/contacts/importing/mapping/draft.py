"""One contact as read: the texts of the file sorted by meaning, nothing normalised, each with the column it came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..reasons import Reason


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

    `keyed` maps a target (`custom`, `consent`, `refusal`, `external_id`) to values by key.
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
        said = self.text("party_kind").casefold()
        if said:
            return said in _ORGANISATION_WORDS
        return bool(self.affiliations and self.affiliations[0].organisation) and not self.has_person_name

    @property
    def has_person_name(self) -> bool:
        return any(code in self.texts for code in ("full_name", "family_name", "given_name", "full_kana", "family_kana", "romaji"))

    @property
    def is_empty(self) -> bool:
        return not (self.texts.keys() - {"party_kind", "owner"} or self.affiliations or self.emails or self.phones or self.urls)

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
        for spec in dataclasses.fields(self):
            value = getattr(self, spec.name)
            if spec.name in ("number", "photo", "doubts") or not value:
                continue
            data[spec.name] = _plain(value)
        if self.doubts:
            data["doubts"] = [{"column": doubt.column, "reason": doubt.reason.to_json()} for doubt in self.doubts]
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
            addresses=[PostalAddress(**{**item, "parts": _readings(item["parts"])}) for item in data.get("addresses", ())],
            tags=[Reading(**item) for item in data.get("tags", ())],
            notes=[Reading(**item) for item in data.get("notes", ())],
            keyed={code: _readings(values) for code, values in data.get("keyed", {}).items()},
            doubts=[Doubt(item["column"], Reason.from_json(item["reason"])) for item in data.get("doubts", ())],
            photo_type=data.get("photo_type", ""),
        )


_ORGANISATION_WORDS = frozenset(
    {"organization", "organisation", "company", "org", "business", "account", "会社", "法人", "組織", "団体", "société", "entreprise"}
    | {"organisme", "سازمان", "شرکت"}
)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {
            spec.name: _plain(part)
            for spec in dataclasses.fields(value)
            if (part := getattr(value, spec.name)) not in (None, "", False) or spec.name in ("value", "parts")
        }
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _readings(data: Mapping[str, Any]) -> dict[str, Reading]:
    return {code: Reading(**item) for code, item in data.items()}
