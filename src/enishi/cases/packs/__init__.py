"""Kinds of cases as data: one TOML file each, with its stages, its fields and the times it promises.

Words stand in the file in every language. A stage ``needs`` what must be there before a case comes to it; an ``optional``
one is reached only by an appeal; the ``final`` one closes. Times are business days, ``appeal_within`` and ``silence``
days of the calendar.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any, Literal

from django.utils.translation import gettext as _

from enishi.core import text
from enishi.core.dates import DateError, parse_date
from enishi.core.formats import counted
from enishi.core.packs import PackError, Words, read_words

NEEDS = frozenset(
    {"owner", "weighed", "acknowledged", "cause", "outcome", "promises", "asked", "second_person"}
)
GRIEVANCE = "grievance"
FieldKind = Literal["text", "long", "number", "date", "choice", "flag"]
FIELD_KINDS = ("text", "long", "number", "date", "choice", "flag")


@dataclass(frozen=True)
class Field:
    """One typed value that cases of a kind carry besides what all have."""

    code: str
    kind: FieldKind
    label: Words
    options: Mapping[str, Words] = field(default_factory=dict)

    def read(self, given: Any) -> Any:
        """What was given, as it is stored (JSON types); None for nothing. Raises ValueError with what is wrong."""
        if given is None or given == "":
            return None
        if self.kind == "flag":
            return given in (True, "on", "true", "1", 1) or None
        if self.kind in ("text", "long"):
            words = text.clean(str(given)).strip()
            if self.kind == "text" and len(words) > 300:
                raise ValueError(_("At most 300 characters."))
            return words or None
        reader = {"number": _number, "date": _day, "choice": self._chosen}[self.kind]
        return reader(given)

    def _chosen(self, given: Any) -> str:
        if given not in self.options:
            raise ValueError(_("Choose one of the list."))
        return str(given)

    def shown(self, stored: Any) -> Any:
        """A stored value as people read it: choices by their words, days as days."""
        if stored is None:
            return ""
        if self.kind == "choice":
            return str(self.options.get(stored, stored))
        if self.kind == "flag":
            return _("yes") if stored else _("no")
        if self.kind == "date":
            return dt.date.fromisoformat(stored)
        if self.kind == "number":
            return counted(stored)
        return stored


def _number(given: Any) -> int | float:
    plain = "".join(str(unicodedata.digit(sign, sign)) for sign in str(given) if not sign.isspace())
    try:
        number = Decimal(plain.replace(",", "").replace("٬", "").replace("٫", "."))
    except InvalidOperation:
        raise ValueError(_("This is no number.")) from None
    if not number.is_finite() or abs(number) >= 10**12:
        raise ValueError(_("This is no number."))
    return int(number) if number == number.to_integral_value() else float(number)


def _day(given: Any) -> str:
    try:
        return parse_date(str(given)).isoformat()
    except DateError as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True)
class Stage:
    """One step on the way of a case. ``seen`` is what people outside read."""

    code: str
    label: Words
    seen: Words
    needs: Sequence[str] = ()
    optional: bool = False
    final: bool = False


@dataclass(frozen=True)
class Service:
    """What we promise: business days to a first word and to the end, the same for an appeal; 0 promises nothing."""

    acknowledge: int = 5
    resolve: int = 0
    appeal: int = 0
    appeal_within: int = 0
    silence: int = 14


@dataclass(frozen=True)
class Pack:
    """One kind of case. A ``public`` one can be told on the public page of a project."""

    code: str
    prefix: str
    icon: str
    order: int
    level: int
    public: bool
    label: Words
    plural: Words
    service: Service
    stages: Sequence[Stage]
    fields: Sequence[Field]

    @property
    def first(self) -> Stage:
        return self.stages[0]

    @property
    def final(self) -> Stage:
        return self.stages[-1]

    @property
    def appeal_stage(self) -> Stage | None:
        return next((stage for stage in self.stages if stage.optional), None)

    def stage(self, code: str) -> Stage:
        """Raises KeyError for a stage that this kind does not have."""
        for stage in self.stages:
            if stage.code == code:
                return stage
        raise KeyError(code)

    def place(self, code: str) -> int:
        return self.stages.index(self.stage(code))

    def after(self, code: str) -> Stage | None:
        """The stage that follows: the optional one is passed over."""
        rest = self.stages[self.place(code) + 1 :]
        return next((stage for stage in rest if not stage.optional), None)

    def field(self, code: str) -> Field:
        for one in self.fields:
            if one.code == code:
                return one
        raise KeyError(code)


def read_pack(where: str, source: str) -> Pack:
    """A pack from the text of its file; ``where`` names it in errors. Raises PackError."""
    try:
        data = tomllib.loads(source)
        return _pack(where, data)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise PackError(f"{where}: {error}") from None


def _pack(where: str, data: dict[str, Any]) -> Pack:
    fields = [_field(where, one) for one in data.get("fields", [])]
    codes = {one.code for one in fields}
    stages = [_stage(where, one, codes) for one in data["stages"]]
    if len({stage.code for stage in stages}) != len(stages):
        raise PackError(f"{where}: two stages have one code")
    if [stage.final for stage in stages] != [False] * (len(stages) - 1) + [True] or stages[0].optional:
        raise PackError(f"{where}: the last stage, and no other, is final; the first is not optional")
    return Pack(
        code=data["code"],
        prefix=data["prefix"],
        icon=data["icon"],
        order=data["order"],
        level=data["level"],
        public=data.get("public", False),
        label=read_words(where, data["label"]),
        plural=read_words(where, data["plural"]),
        service=Service(**data.get("service", {})),
        stages=stages,
        fields=fields,
    )


def _stage(where: str, data: dict[str, Any], fields: set[str]) -> Stage:
    needs = data.get("needs", [])
    unknown = set(needs) - NEEDS - {f"field:{code}" for code in fields}
    if unknown:
        raise PackError(f"{where}: nobody knows what {', '.join(sorted(unknown))} needs")
    label = read_words(where, data["label"])
    return Stage(
        code=data["code"],
        label=label,
        seen=read_words(where, data["seen"]) if "seen" in data else label,
        needs=needs,
        optional=data.get("optional", False),
        final=data.get("final", False),
    )


def _field(where: str, data: dict[str, Any]) -> Field:
    if data["kind"] not in FIELD_KINDS:
        raise PackError(f"{where}: a field is one of {', '.join(FIELD_KINDS)}, not {data['kind']}")
    options = {one["code"]: read_words(where, one["label"]) for one in data.get("options", [])}
    if bool(options) != (data["kind"] == "choice"):
        raise PackError(f"{where}: {data['code']}: a choice, and nothing else, has options")
    return Field(data["code"], data["kind"], read_words(where, data["label"]), options)


@functools.cache
def packs() -> Mapping[str, Pack]:
    """Every kind of case, in the order in which people choose."""
    found = [
        read_pack(one.name, one.read_text(encoding="utf-8"))
        for one in files(__name__).iterdir()
        if one.name.endswith(".toml")
    ]
    return {pack.code: pack for pack in sorted(found, key=lambda pack: pack.order)}


def pack(code: str) -> Pack:
    """The kind of that name; raises KeyError."""
    return packs()[code]
