"""A mapping: which column means what, and the draft it makes of a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from enishi.contacts.importing.reasons import Unreadable, because
from enishi.contacts.importing.tables import Row

from .draft import Affiliation, ContactPoint, Doubt, Draft, PostalAddress, Reading
from .targets import Shape, target

_RULE = re.compile(r"(?P<target>[a-z_]+(?::[^@#]*)?)(?:@(?P<kind>[a-z]+))?(?:#(?P<group>\d+))?")


@dataclass(frozen=True, slots=True)
class Rule:
    """Target, kind and group of a column. Columns of one group and target family describe one address or number.

    Written as `target@kind#group`, for example `street@work#1`.
    """

    target: str
    kind: str = ""
    group: int = 0

    @classmethod
    def parse(cls, text: str) -> Rule:
        match = _RULE.fullmatch(text)
        if match is None:
            raise ValueError(f"no rule: {text!r}")
        rule = cls(match["target"], match["kind"] or "", int(match["group"] or 0))
        target(rule.target)
        return rule

    def __str__(self) -> str:
        return self.target + (f"@{self.kind}" if self.kind else "") + (f"#{self.group}" if self.group else "")


@dataclass(frozen=True, slots=True)
class Column:
    """`options` overrule the mapping's: separator, country, date_order, decimal, yes (words that mean yes)."""

    header: str
    rule: Rule
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    """Columns in the order of a file, and what holds for all of them.

    `options`: `country` (ISO code for phones and postcodes without one), `date_order` (ymd, dmy, mdy), `decimal`,
    `separator` (of tags and multiple values), `party_kind`, `preset`.
    """

    columns: tuple[Column, ...]
    options: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        columns = [
            {
                "header": column.header,
                "rule": str(column.rule),
                **({"options": column.options} if column.options else {}),
            }
            for column in self.columns
        ]
        return {"columns": columns, "options": self.options}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Mapping:
        """Raises ValueError or KeyError for a rule or target that does not exist."""
        columns = (
            Column(item["header"], Rule.parse(item["rule"]), dict(item.get("options", {})))
            for item in data["columns"]
        )
        return cls(tuple(columns), dict(data.get("options", {})))

    def bind(self, headers: Sequence[str]) -> tuple[Mapping, tuple[str, ...]]:
        """This mapping for a file with these headers, in whatever order; and the headers that it knows but misses."""
        known = {column.header.casefold(): column for column in self.columns}
        columns = tuple(
            Column(header, found.rule, found.options)
            if (found := known.get(header.casefold()))
            else Column(header, Rule("ignore"))
            for header in headers
        )
        present = {header.casefold() for header in headers}
        missing = (
            column
            for column in self.columns
            if column.rule.target != "ignore" and column.header.casefold() not in present
        )
        return Mapping(columns, dict(self.options)), tuple(column.header for column in missing)

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        return tuple(
            Step(
                index,
                column.header,
                column.rule,
                {**self.options, **column.options},
                _FILL[target(column.rule.target).shape],
            )
            for index, column in enumerate(self.columns)
            if column.rule.target != "ignore"
        )


class Step(NamedTuple):
    position: int
    header: str
    rule: Rule
    options: dict[str, str]
    fill: Callable[[Filling, Step, str], None]


class Filling:
    """A draft in the making, with what its groups of columns share."""

    __slots__ = ("addresses", "affiliations", "draft", "kinds", "points")

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.addresses: dict[tuple[str, int], PostalAddress] = {}
        self.affiliations: dict[int, Affiliation] = {}
        self.kinds: dict[tuple[str, int], str] = {}
        self.points: list[tuple[tuple[str, int], ContactPoint | PostalAddress]] = []


# Exports put an apostrophe before what a spreadsheet would take for a formula.
_GUARDED = re.compile(r"'\s*[=+\-@＝＋－＠]")
# Errors of spreadsheet formulas, which exports write as if they were values.
_SPREADSHEET_ERRORS = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"})


def unguarded(cell: str) -> str:
    """What stands in a cell, without what an export put before it."""
    value = cell.strip()
    return value[1:] if value[:1] == "'" and _GUARDED.match(value) else value


def apply(mapping: Mapping, row: Row) -> Draft:
    """The draft of a row. Raises Unreadable with the row's own reason if the row has a problem."""
    if row.problem is not None:
        raise Unreadable(row.problem.code, **row.problem.params)
    draft = Draft(row.number)
    filling = Filling(draft)
    cells, width = row.cells, len(row.cells)
    for step in mapping._steps:
        if step.position >= width:
            continue
        value = unguarded(cells[step.position])
        if not value:
            continue
        if value[0] == "#" and value in _SPREADSHEET_ERRORS:
            draft.doubts.append(Doubt(step.header, because("spreadsheet_error", value=value)))
            continue
        step.fill(filling, step, value)
    _finish(filling, mapping)
    return draft


def _finish(filling: Filling, mapping: Mapping) -> None:
    draft = filling.draft
    for key, point in filling.points:
        if label := filling.kinds.get(key):
            point.kind, point.label = kind_of(label, key[0]), label
            point.label = "" if point.kind and point.kind == label.casefold() else label
            if isinstance(point, ContactPoint) and label.startswith("*"):
                point.preferred = True
    if filling.affiliations:
        draft.affiliations = [filling.affiliations[group] for group in sorted(filling.affiliations)]
    if filling.addresses:
        draft.addresses = list(filling.addresses.values())
    if (said := mapping.options.get("party_kind")) and "party_kind" not in draft.texts:
        draft.texts["party_kind"] = Reading(said)


def _text(filling: Filling, step: Step, value: str) -> None:
    texts = filling.draft.texts
    # Two columns of one meaning (mobile site and PC export): the first that is filled stands.
    texts.setdefault(step.rule.target, Reading(value, step.header))


_YES = frozenset(
    {
        "1",
        "true",
        "t",
        "yes",
        "y",
        "on",
        "x",
        "oui",
        "vrai",
        "o",
        "はい",
        "有",
        "○",
        "〇",
        "する",
        "済",
        "可",
        "بله",
        "آری",
        "✓",
    }
)
_NO = frozenset(
    {
        "0",
        "false",
        "f",
        "no",
        "n",
        "off",
        "non",
        "faux",
        "いいえ",
        "無",
        "×",
        "しない",
        "未",
        "不可",
        "خیر",
        "نه",
        "-",
    }
)


def yes_or_no(text: str, *, yes: str = "") -> bool | None:
    """What a switch in a table says in English, Japanese, French or Persian; None if it says neither."""
    word = text.strip().casefold()
    if yes:
        return word in {part.strip().casefold() for part in yes.split("|")}
    return True if word in _YES else False if word in _NO else None


def _yes_no(filling: Filling, step: Step, value: str) -> None:
    said = yes_or_no(value, yes=step.options.get("yes", ""))
    if said is None:
        filling.draft.doubts.append(Doubt(step.header, because("bad_choice", value=value)))
    elif step.rule.target == "active":
        filling.draft.yes_no["inactive"] = not said
    else:
        filling.draft.yes_no[step.rule.target] = said


def _affiliation(filling: Filling, step: Step, value: str) -> None:
    affiliation = filling.affiliations.get(step.rule.group)
    if affiliation is None:
        affiliation = filling.affiliations[step.rule.group] = Affiliation()
    if getattr(affiliation, step.rule.target) is None:
        setattr(affiliation, step.rule.target, Reading(value, step.header))


def _point(filling: Filling, step: Step, value: str) -> None:
    rule, draft = step.rule, filling.draft
    values: Sequence[str] = (value,)
    if separator := _separator(step.options, value, rule.target):
        values = [part.strip() for part in value.split(separator) if part.strip()]
    where = draft.emails if rule.target == "email" else draft.phones if rule.target == "phone" else draft.urls
    for part in values:
        point = ContactPoint(part, step.header, rule.kind)
        where.append(point)
        if rule.group:
            filling.points.append(((rule.target, rule.group), point))
        if rule.target == "phone":
            _doubt_number(draft, step, part)


def _separator(options: dict[str, str], value: str, code: str) -> str:
    if code == "tags":
        return options.get("separator") or next(
            (sign for sign in ("|", ";", "、", "،", ",") if sign in value), ""
        )
    if " ::: " in value:
        return " ::: "
    if code == "email":
        return next((sign for sign in (";", ",", "\n") if value.count("@") > 1 and sign in value), "")
    return "\n" if "\n" in value else ""


_ROUNDED = re.compile(r"[+-]?\d[.,]\d+E\+\d+", re.IGNORECASE)
# Digits of a national number and of a postcode whose leading zero a spreadsheet took.
_LOST_ZERO = {
    "JP": re.compile(r"[1-9]\d{8,9}"),
    "FR": re.compile(r"[1-9]\d{8}"),
    "IR": re.compile(r"[1-9]\d{9}"),
    "GB": re.compile(r"[1-9]\d{9}"),
}
_LOST_ZERO_POSTCODE = {
    "JP": re.compile(r"\d{6}"),
    "FR": re.compile(r"\d{4}"),
    "US": re.compile(r"\d{4}"),
    "DE": re.compile(r"\d{4}"),
}


def _doubt_number(draft: Draft, step: Step, value: str) -> None:
    if _ROUNDED.fullmatch(value):
        draft.doubts.append(Doubt(step.header, because("rounded_number", value=value)))
        return
    table = _LOST_ZERO_POSTCODE if step.rule.target == "postcode" else _LOST_ZERO
    pattern = table.get(step.options.get("country", "").upper())
    if pattern and pattern.fullmatch(value):
        draft.doubts.append(Doubt(step.header, because("lost_zero", value=value)))


def _point_kind(filling: Filling, step: Step, value: str) -> None:
    filling.kinds[step.rule.target.removesuffix("_kind"), step.rule.group] = value


_KIND_WORDS = {
    "mobile": ("mobile", "cell", "携帯", "portable", "همراه", "موبایل", "iphone"),
    "fax": ("fax", "télécopie", "ファックス", "نمابر", "فکس"),
    "home": ("home", "自宅", "domicile", "private", "personal", "個人", "perso", "منزل", "خانه"),
    "work": (
        "work",
        "business",
        "office",
        "勤務先",
        "会社",
        "職場",
        "bureau",
        "travail",
        "pro",
        "main",
        "company",
        "کار",
        "اداره",
        "محل کار",
    ),
}


def kind_of(label: str, family: str) -> str:
    """The kind that a label means (`Work Fax` is a fax), in the words of the target family (email, phone, address)."""
    word = label.casefold()
    for kind, words in _KIND_WORDS.items():
        if any(part in word for part in words):
            if family == "email":
                return "private" if kind == "home" else "work" if kind == "work" else "other"
            if family == "address":
                return kind if kind in ("home", "work") else "other"
            return kind
    return "other"


def _address(filling: Filling, step: Step, value: str) -> None:
    rule = step.rule
    key = rule.kind, rule.group
    address = filling.addresses.get(key)
    if address is None:
        address = filling.addresses[key] = PostalAddress(kind=rule.kind)
        if rule.group:
            filling.points.append((("address", rule.group), address))
    held = address.parts.get(rule.target)
    if held is None:
        address.parts[rule.target] = Reading(value, step.header)
    # Street lines 2 and 3 have columns of their own and follow in order.
    elif rule.target in ("street", "building") and value not in held.value:
        held.value = f"{held.value}\n{value}"
    if rule.target == "postcode":
        _doubt_number(filling.draft, step, value)


def _list(filling: Filling, step: Step, value: str) -> None:
    if step.rule.target == "note":
        filling.draft.notes.append(Reading(value, step.header))
        return
    separator = _separator(step.options, value, "tags")
    parts = value.split(separator) if separator else [value]
    # Google marks its own groups by an asterisk: they hold everybody.
    seen = {tag.value for tag in filling.draft.tags}
    for part in parts:
        tag = part.strip().strip('"').strip()
        if tag and not tag.startswith("* ") and tag not in seen:
            seen.add(tag)
            filling.draft.tags.append(Reading(tag, step.header))


def _keyed(filling: Filling, step: Step, value: str) -> None:
    code, _colon, key = step.rule.target.partition(":")
    filling.draft.keyed.setdefault(code, {})[key or step.header] = Reading(value, step.header)


def _nothing(filling: Filling, step: Step, value: str) -> None:
    return


_FILL: dict[Shape, Callable[[Filling, Step, str], None]] = {
    Shape.TEXT: _text,
    Shape.DATE: _text,
    Shape.YES_NO: _yes_no,
    Shape.AFFILIATION: _affiliation,
    Shape.POINT: _point,
    Shape.POINT_KIND: _point_kind,
    Shape.ADDRESS: _address,
    Shape.LIST: _list,
    Shape.KEYED: _keyed,
    Shape.NONE: _nothing,
}
