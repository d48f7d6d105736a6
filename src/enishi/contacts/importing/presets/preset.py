"""A preset as data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.functional import Promise

from enishi.contacts.importing.mapping.columns import Rule

_IGNORE = Rule("ignore")


def plain(header: str) -> str:
    """A header without case, width and spaces at its ends, as presets compare it."""
    return " ".join(unicodedata.normalize("NFKC", header).casefold().split())


@dataclass(frozen=True)
class Preset:
    """`signs` are groups of headers of which one whole group must be present. `columns` and `numbered` hold rules as text;
    in `numbered` the header is a pattern whose first group becomes the group of the rule."""

    code: str
    label: str | Promise
    signs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, str]
    numbered: tuple[tuple[str, str], ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    column_options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        return {plain(header): Rule.parse(rule) for header, rule in self.columns.items()}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        return [(re.compile(pattern, re.IGNORECASE), rule) for pattern, rule in self.numbered]

    @cached_property
    def _signs(self) -> list[frozenset[str]]:
        return [frozenset(map(plain, group)) for group in self.signs]

    def recognises(self, present: set[str]) -> bool:
        return any(group <= present for group in self._signs)

    def known(self, headers: Sequence[str]) -> int:
        return sum(self.rule(header) is not _IGNORE for header in headers)

    def rule(self, header: str) -> Rule:
        name = plain(header)
        if found := self._rules.get(name):
            return found
        for pattern, rule in self._patterns:
            if match := pattern.fullmatch(name):
                return Rule.parse(f"{rule}#{match[1]}")
        return _IGNORE
