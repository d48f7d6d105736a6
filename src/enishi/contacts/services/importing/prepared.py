"""A row as it will be stored: normalised, with the keys that it is matched by."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from enishi.contacts.models import ContactPoint
from enishi.contacts.services.importing.problems import Problem
from enishi.core.bulk import from_json, to_json


@dataclass(slots=True)
class Point:
    """A way to reach somebody. ``id`` once it is stored."""

    kind: str
    label: str
    value: str
    typed: str
    key: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    status: str = ContactPoint.Status.UNCHECKED
    is_primary: bool = False
    id: int | None = None

    @property
    def sameness(self) -> tuple[str, str]:
        """Two points with this in common are one. A postcode alone does not make an address the same."""
        return self.kind, self.value if self.kind == ContactPoint.Kind.ADDRESS else self.key or self.value


@dataclass(slots=True)
class Affiliation:
    """Where somebody works, as the file says. ``seen_on`` (ISO date) is the day of the card."""

    organisation: str
    key: str
    kana: str = ""
    title: str = ""
    department: str = ""
    seen_on: str = ""


@dataclass(slots=True)
class Value:
    """A value of an own field, in the column of its type. ``several``: the field holds more than one."""

    field_id: int
    code: str
    plain: Any
    text: str = ""
    folded: str = ""
    number: str | None = None
    currency: str = ""
    date: str | None = None
    flag: bool | None = None
    several: bool = False
    id: int | None = None


@dataclass(slots=True)
class Prepared:
    """One contact of a file. ``texts`` holds the fields of a party that the file fills; dates are ISO texts."""

    number: int
    kind: str = "person"
    full_name: str = ""
    family_name: str = ""
    given_name: str = ""
    script: str = ""
    match_key: str = ""
    sort_key: str = ""
    language: str = ""
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    texts: dict[str, Any] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    ids: list[tuple[str, str]] = field(default_factory=list)
    affiliations: list[Affiliation] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    consents: list[tuple[str, str]] = field(default_factory=list)
    consents_until: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        return any(not found.get("doubt") for found in self.problems)

    @property
    def is_bare(self) -> bool:
        """Nothing but the name tells this person from a namesake."""
        return not any(
            point.key and point.kind in (ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE)
            for point in self.points
        )

    @property
    def postcodes(self) -> set[str]:
        return {point.key for point in self.points if point.kind == ContactPoint.Kind.ADDRESS and point.key}

    def is_elsewhere(self, postcodes: set[str]) -> bool:
        """Whether both have a postcode and share none."""
        ours = self.postcodes
        return bool(ours and postcodes and not ours & postcodes)

    def marks(self) -> list[str]:
        """What other rows and contacts are recognised by, each with the letter of its rule.

        x outside id, e e-mail, p phone, a name and postcode, o name and organisation, g name of an organisation,
        n name, b name of somebody of whom nothing else is known.
        """
        found = [f"x:{system}:{value}" for system, value in self.ids]
        for point in self.points:
            if point.kind == ContactPoint.Kind.EMAIL and point.key:
                found.append(f"e:{point.key}")
            elif (
                point.kind == ContactPoint.Kind.PHONE and point.key and point.label != ContactPoint.Label.FAX
            ):
                found.append(f"p:{point.key}")
            elif point.kind == ContactPoint.Kind.ADDRESS and point.key:
                found.append(f"a:{point.key}:{self.match_key}")
        if self.kind != "person":
            found.append(f"g:{self.match_key}")
            return found
        found += [f"o:{tie.key}:{self.match_key}" for tie in self.affiliations]
        found.append(f"n:{self.match_key}")
        if self.is_bare:
            found.append(f"b:{self.match_key}")
        return found

    def dumps(self) -> str:
        data = {name: value for name in _PLAIN if (value := getattr(self, name))}
        if self.points:
            data["points"] = [
                (p.kind, p.label, p.value, p.typed, p.key, p.parts, p.status, p.is_primary)
                for p in self.points
            ]
        if self.affiliations:
            data["affiliations"] = [_lean(tie, _TIE) for tie in self.affiliations]
        if self.values:
            data["values"] = [asdict(value) for value in self.values]
        return to_json(data)

    @classmethod
    def loads(cls, stored: str) -> Prepared:
        """The other way round of ``dumps``."""
        return cls.load(from_json(stored))

    @classmethod
    def load(cls, data: dict[str, Any]) -> Prepared:
        prepared = cls(**{name: data[name] for name in _PLAIN if name in data})
        prepared.ids = [(system, value) for system, value in prepared.ids]
        prepared.consents = [(purpose, state) for purpose, state in prepared.consents]
        prepared.points = [Point(*item) for item in data.get("points", ())]
        prepared.affiliations = [Affiliation(**item) for item in data.get("affiliations", ())]
        prepared.values = [Value(**item) for item in data.get("values", ())]
        return prepared


# The column of a staged row that holds it, as text.
DRAFT = Cast("draft", TextField())
_NESTED = {"points", "affiliations", "values", "problems"}
_PLAIN = tuple(spec.name for spec in fields(Prepared) if spec.name not in _NESTED)
_TIE = tuple(spec.name for spec in fields(Affiliation))


def _lean(item: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(item, name))}
