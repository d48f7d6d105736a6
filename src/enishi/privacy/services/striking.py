"""Finding names and addresses where they stand literally, and striking them out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import phonenumbers

from enishi.core import text
from enishi.core.personal import STRUCK, Subject

_GAP = "[\\s\\u00a0\\u3000]"
_DIVIDER = "[\\s\\u00a0./()\\-]*"
_SHORTEST_NUMBER = 6


def _runs_on(sign: str) -> bool:
    """Whether words of that script stand without spaces between them."""
    name = unicodedata.name(sign, "")
    return name.startswith(("CJK", "HIRAGANA", "KATAKANA", "THAI", "HALFWIDTH KATAKANA"))


def _sign(sign: str) -> str:
    forms = {sign, sign.lower(), sign.upper()}
    if len(forms) > 1 and all(len(form) == 1 for form in forms):
        return "[" + "".join(sorted(forms)) + "]"
    return re.escape(sign)


def literal(words: str, *, any_case: bool = True) -> str:
    """A pattern, read alike here and by the database, for words as they stand: any spacing, whole words only."""
    parts = words.split()
    if not parts:
        return ""
    joined = ""
    for number, part in enumerate(parts):
        if number:
            joined += f"{_GAP}*" if _runs_on(parts[number - 1][-1]) and _runs_on(part[0]) else f"{_GAP}+"
        joined += "".join(map(_sign, part)) if any_case else re.escape(part)
    first, last = parts[0][0], parts[-1][-1]
    before = "(?<!\\w)" if first.isalnum() and not _runs_on(first) else ""
    after = "(?!\\w)" if last.isalnum() and not _runs_on(last) else ""
    return before + joined + after


def number(value: str) -> str:
    """A pattern for a phone number however it is written: with or without country, in groups of any kind."""
    try:
        parsed = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return literal(value)
    national = str(parsed.national_number)
    if len(national) < _SHORTEST_NUMBER:
        return literal(value)
    body = _DIVIDER.join(national)
    country = f"(?:\\+|00)?{parsed.country_code}{_DIVIDER}(?:\\(?0\\)?{_DIVIDER})?"
    return f"(?<!\\d)(?:{country}|\\(?0{_DIVIDER})?{body}(?!\\d)"


def _either(patterns: Iterable[str]) -> str:
    # The longest first: of a whole name and a word of it the name is struck.
    return "|".join(sorted(filter(None, set(patterns)), key=lambda pattern: (-len(pattern), pattern)))


def spellings(name: str) -> set[str]:
    """A name as written, and as the index folds it."""
    return {name, text.fold(name)}


class Striker:
    """Strikes what a person is known by: everything in records of theirs, elsewhere only what is nobody else's."""

    def __init__(self, subject: Subject, *, common: Iterable[str] = ()) -> None:
        names = {form for name in subject.names for form in spellings(name)}
        shared = {form for word in common for form in (word, *spellings(word))}
        whole = [literal(name) for name in names - shared if " " in name.strip() or _runs_on(name[0])]
        places = [_place(place) for place in subject.addresses if place not in shared]
        parts = [literal(part, any_case=False) for part in subject.parts]
        self.own = _either([*map(literal, names), *map(_place, subject.addresses), *parts])
        self.anywhere = _either([*whole, *places])
        self._own = re.compile(self.own) if self.own else None
        self._anywhere = re.compile(self.anywhere) if self.anywhere else None

    def strike(self, words: str, *, own: bool, by: str = STRUCK) -> str:
        pattern = self._own if own else self._anywhere
        return pattern.sub(by, words) if pattern is not None else words

    def strike_all(self, value: Any, *, own: bool, by: str = STRUCK) -> Any:
        """The same in every text of a JSON value or an array."""
        if isinstance(value, str):
            return self.strike(value, own=own, by=by)
        if isinstance(value, list):
            return [self.strike_all(item, own=own, by=by) for item in value]
        if isinstance(value, dict):
            return {key: self.strike_all(item, own=own, by=by) for key, item in value.items()}
        return value


def _place(place: str) -> str:
    """An address as written and as the index folds it; a number in any grouping."""
    if place.startswith("+") and place[1:].isdigit():
        return number(place)
    return _either(literal(form) for form in spellings(place))
