"""A text cut into sentences, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from enishi.conversations.paragraphs import paragraphs

# A full stop ends a sentence before a space or the end, not inside a number or an address.
_SENTENCE = re.compile(r".+?(?:[。！？]+[」』）]?|[.!?؟…]+[\"'”’»)]*(?=\s|$)|$)", re.DOTALL)
SHORTEST = 8
MOST = 60
"""Sentences of one conversation that are read: the first of a very long one."""
LONGEST = 600


@dataclass(frozen=True)
class Sentence:
    start: int
    end: int
    words: str


def sentences(text: str, folds: Iterable[Mapping[str, Any]] = ()) -> list[Sentence]:
    """What somebody said of their own: without quoted text, signatures, and lines too short to mean something."""
    found: list[Sentence] = []
    for paragraph in paragraphs(text, folds=folds):
        if paragraph.fold:
            continue
        for match in _SENTENCE.finditer(paragraph.text):
            words = match[0].strip()
            if len(words) < SHORTEST and not re.search(r"[぀-ヿ一-鿿]{5}", words):
                continue
            start = paragraph.start + match.start() + len(match[0]) - len(match[0].lstrip())
            found.append(Sentence(start, start + len(words), words[:LONGEST]))
            if len(found) == MOST:
                return found
    return found
