"""A first mapping for a table that nobody described: from the words of its headers and the shape of its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .columns import Column, Mapping, Rule, yes_or_no
from .headers import folded, table

SURE, LIKELY, MAYBE = 1.0, 0.8, 0.5
_IGNORE = Rule("ignore")


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """`sureness` from 0 to 1; below 0.6 the wizard should ask."""

    header: str
    rule: Rule
    sureness: float
    reason: str | Promise

    @property
    def target(self) -> str:
        return self.rule.target


def guess(headers: Sequence[str], samples: Sequence[Sequence[str]]) -> list[ColumnGuess]:
    """One guess for each column. `samples` are rows as wide as the headers, or shorter."""
    columns = [
        [row[index].strip() for row in samples if index < len(row) and row[index].strip()]
        for index in range(len(headers))
    ]
    guesses = [_guess_one(header, values) for header, values in zip(headers, columns, strict=True)]
    return _settle(guesses, columns)


def suggest(
    headers: Sequence[str], samples: Sequence[Sequence[str]], options: dict[str, str] | None = None
) -> Mapping:
    """A mapping made of the guesses that are more likely than not."""
    columns = (
        Column(item.header, item.rule if item.sureness >= MAYBE else _IGNORE)
        for item in guess(headers, samples)
    )
    return Mapping(tuple(columns), dict(options or {}))


_EMAIL = re.compile(r"(?:[^<>]*<)?[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+>?")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_PHONE = re.compile(r"[+＋(（]?[\d０-９۰-۹٠-٩][\d０-９۰-۹٠-٩\s().（）/ー－‐-]{6,18}[\d０-９۰-۹٠-٩]")
_JAPANESE_POSTCODE = re.compile(r"〒?\s*[\d０-９]{3}[-－ー‐][\d０-９]{4}")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30ff\uff66-\uff9f\s　]+")
_DATE = re.compile(
    r"(?:[\d۰-۹]{4}[-/.年][\d۰-۹]{1,2}[-/.月][\d۰-۹]{1,2}日?|[\d]{1,2}[/.-]\d{1,2}[/.-]\d{4}|[明大昭平令MTSHR]\S*\d+[年.]\d+[月.]\d+日?)"
)
_HONORIFIC = re.compile(
    r"(?:mr|mrs|ms|miss|dr|prof|sir|m|mme|mlle|me|monsieur|madame|様|さま|殿|先生|御中|氏|آقای?|خانم|جناب|سرکار|دکتر|مهندس)\.?",
    re.IGNORECASE,
)
_GENDER = re.compile(
    r"(?:m|f|male|female|man|woman|男性?|女性?|homme|femme|h|مرد|زن|مذکر|مونث|その他|other)", re.IGNORECASE
)
_PREFECTURE = re.compile(r"(?:東京都|北海道|(?:大阪|京都)府|.{2,3}県)")


def _share(values: Sequence[str], test: Callable[[str], object]) -> float:
    return sum(bool(test(value)) for value in values) / len(values) if values else 0.0


# What the values must look like before a header is believed that says so.
_EXPECTED: dict[str, Callable[[str], object]] = {
    "email": lambda value: "@" in value,
    "phone": lambda value: sum(char.isdigit() for char in value) >= 4,
    "birthday": lambda value: any(char.isdigit() for char in value),
    "seen_on": lambda value: any(char.isdigit() for char in value),
    "inactive": lambda value: yes_or_no(value) is not None,
    "active": lambda value: yes_or_no(value) is not None,
    "deceased": lambda value: yes_or_no(value) is not None,
}


def _guess_one(header: str, values: Sequence[str]) -> ColumnGuess:
    word = re.sub(r"\(\d+\)$", "", header).strip()
    found, sureness, reason = _by_words(word)
    if found is not None:
        expected = _EXPECTED.get(found.target)
        if not values or expected is None or _share(values, expected) >= 0.5:
            return ColumnGuess(header, found, sureness, reason)
    shaped = _by_values(values)
    if shaped is not None:
        return ColumnGuess(header, *shaped)
    if found is not None:
        return ColumnGuess(header, found, 0.3, _("the header says so, the values do not"))
    return ColumnGuess(header, _IGNORE, 0.0, _("nothing known fits"))


def _by_words(header: str) -> tuple[Rule | None, float, str | Promise]:
    rules = table()
    word = folded(header)
    if rule := rules.get(word):
        return Rule.parse(rule), SURE, _("the header")
    numbered = re.fullmatch(r"(.*?\D)(\d{1,2})", word)
    if numbered and (rule := rules.get(numbered[1])):
        return Rule.parse(rule), LIKELY, _("the header, numbered")
    # `Contact: Email` and `メールアドレス（必須）` hold the word beside others; the longest word wins.
    inside = max((known for known in rules if len(known) > 2 and known in word), key=len, default="")
    if inside and len(inside) * 2 >= len(word):
        return (
            Rule.parse(rules[inside]),
            0.6 if len(inside) * 3 >= len(word) * 2 else MAYBE,
            _("a word of the header"),
        )
    return None, 0.0, ""


def _by_values(values: Sequence[str]) -> tuple[Rule, float, str | Promise] | None:
    if not values:
        return None
    for pattern, rule, reason in (
        (_EMAIL, "email", _("the values are e-mail addresses")),
        (_URL, "url", _("the values are web addresses")),
        (_JAPANESE_POSTCODE, "postcode", _("the values are postcodes")),
        (_DATE, "", ""),
        (_PREFECTURE, "region", _("the values are prefectures")),
        (_HONORIFIC, "honorific", _("the values are honorifics")),
        (_GENDER, "gender", _("the values are genders")),
        (_KANA, "full_kana", _("the values are kana")),
        (_PHONE, "phone", _("the values are phone numbers")),
    ):
        if _share(values, pattern.fullmatch) >= 0.8:
            return (Rule(rule), 0.7, reason) if rule else None
    return None


def _settle(guesses: list[ColumnGuess], columns: Sequence[Sequence[str]]) -> list[ColumnGuess]:
    """What one column means depends on the others: “Nom” beside “Prénom”, “Title” above Mr and Mrs."""
    targets = {item.target for item in guesses}
    settled: list[ColumnGuess] = []
    once: set[str] = set()
    for first, values in zip(guesses, columns, strict=True):
        item = _beside(first, values, targets)
        if item.target in _ONCE and item.target in once:
            item = ColumnGuess(item.header, _IGNORE, 0.3, _("another column has this meaning"))
        once.add(item.target)
        settled.append(item)
    return settled


def _beside(item: ColumnGuess, values: Sequence[str], targets: set[str]) -> ColumnGuess:
    """The guess for one column, knowing what the others mean."""
    target, whole = item.target, "full_name" in targets
    if target == "family_name" and "given_name" not in targets and not whole:
        return ColumnGuess(item.header, Rule("full_name"), LIKELY, _("no column for the given name"))
    if target == "given_name" and "family_name" not in targets and not whole:
        return ColumnGuess(item.header, Rule("full_name"), LIKELY, _("no column for the family name"))
    if target == "full_kana" and {"family_name", "given_kana"} <= targets and "family_kana" not in targets:
        return ColumnGuess(
            item.header, Rule("family_kana"), LIKELY, _("beside the reading of the given name")
        )
    honorifics = _share(values, _HONORIFIC.fullmatch)
    if target == "job_title" and honorifics >= 0.8:
        return ColumnGuess(item.header, Rule("honorific"), LIKELY, _("the values are honorifics"))
    if target == "honorific" and values and honorifics < 0.2 and "job_title" not in targets:
        return ColumnGuess(item.header, Rule("job_title"), MAYBE, _("the values are no honorifics"))
    if target == "full_name" and item.sureness < SURE and {"family_name", "given_name"} <= targets:
        return ColumnGuess(item.header, _IGNORE, MAYBE, _("family and given name have columns"))
    return item


_ONCE = frozenset(
    {
        "full_name",
        "family_name",
        "given_name",
        "full_kana",
        "family_kana",
        "given_kana",
        "organisation",
        "birthday",
        "language",
        "owner",
    }
)
