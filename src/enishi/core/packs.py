"""What files of ready-made things share: their words stand in the file in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

LANGUAGES = ("en", "ja", "fr", "fa")


class PackError(ValueError):
    """A pack cannot be used; the text names the file and what is wrong with it."""


@dataclass(frozen=True)
class Words:
    """A text in every language; reads in the reader's."""

    by_language: Mapping[str, str]

    def __str__(self) -> str:
        return self.by_language[(get_language() or "en").partition("-")[0]]


def read_words(where: str, given: Any) -> Words:
    """The words as a file gives them; ``where`` names it in errors. Raises PackError."""
    if not isinstance(given, dict) or set(given) != set(LANGUAGES) or not all(given.values()):
        raise PackError(f"{where}: the words must stand there in {', '.join(LANGUAGES)}")
    return Words(given)
