"""A text as numbered points, each with its place in the text and the passages marked in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from enishi.core.registry import Shown

_BREAK = re.compile(r"\n[ \t]*\n\s*|\n")


@dataclass(frozen=True)
class Mark:
    """A passage and what was made from it, by characters of the whole text.

    What another app says of the passage is ``shown`` under it; ``guess`` when nobody has confirmed that.
    """

    start: int
    end: int
    made: Any = None
    shown: Shown | None = None
    guess: bool = False


@dataclass(frozen=True)
class Piece:
    """A run of one paragraph: plain, or the words of a passage."""

    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def guess(self) -> bool:
        return all(mark.guess for mark in self.marks)


@dataclass(frozen=True)
class Paragraph:
    """``start`` and ``end`` are characters of the whole text; ``fold`` is ``quote`` or ``signature`` or nothing."""

    number: int
    start: int
    end: int
    text: str
    fold: str = ""
    pieces: tuple[Piece, ...] = ()
    born: tuple[Mark, ...] = ()


@dataclass
class Block:
    """Paragraphs that stand together: shown, or folded away as quoted text or signature."""

    fold: str
    paragraphs: list[Paragraph] = field(default_factory=list)


def find_passage(text: str, quote: str, start: int | None, end: int | None) -> tuple[int, int] | None:
    """Where a passage is now: at its old place, or wherever its words moved when the text was edited."""
    if start is not None and end is not None and (not quote or text[start:end] == quote):
        return (start, end) if 0 <= start < end <= len(text) else None
    if not quote:
        return None
    at = _nearest(text, quote, start or 0)
    return None if at is None else (at, at + len(quote))


def _nearest(text: str, quote: str, start: int) -> int | None:
    found = [match.start() for match in re.finditer(re.escape(quote), text)]
    return min(found, key=lambda at: abs(at - start), default=None)


def paragraphs(
    text: str, *, folds: Iterable[Mapping[str, Any]] = (), marks: Iterable[Mark] = ()
) -> list[Paragraph]:
    """Cut a text at its line breaks; number what is not folded."""
    ranges = sorted((int(fold["start"]), int(fold["end"]), str(fold["kind"])) for fold in folds)
    listed = sorted(marks, key=lambda mark: (mark.start, mark.end))
    found: list[Paragraph] = []
    number = 0
    for start, end in _spans(text, [edge for fold in ranges for edge in fold[:2]]):
        fold = next((kind for left, right, kind in ranges if left <= start < right), "")
        number += not fold
        here = [mark for mark in listed if mark.start < end and mark.end > start]
        found.append(
            Paragraph(
                number=number if not fold else 0,
                start=start,
                end=end,
                text=text[start:end],
                fold=fold,
                pieces=tuple(_pieces(text, start, end, here)),
                # What was born stands once, under the point where its words end.
                born=tuple(mark for mark in here if start < mark.end <= end),
            )
        )
    return found


def _spans(text: str, edges: Sequence[int]) -> Iterable[tuple[int, int]]:
    start = 0
    for match in [*_BREAK.finditer(text), None]:
        end = len(text) if match is None else match.start()
        for edge in sorted(edge for edge in edges if start < edge < end):
            if text[start:edge].strip():
                yield start, edge
            start = edge
        if text[start:end].strip():
            yield start, end
        start = end if match is None else match.end()


def _pieces(text: str, start: int, end: int, marks: Sequence[Mark]) -> Iterable[Piece]:
    cuts = {start, end}
    for mark in marks:
        cuts |= {max(start, mark.start), min(end, mark.end)}
    ordered = sorted(cuts)
    for left, right in pairwise(ordered):
        yield Piece(
            text[left:right], tuple(mark for mark in marks if mark.start <= left and right <= mark.end)
        )


def blocks(found: Iterable[Paragraph]) -> list[Block]:
    """Paragraphs gathered into shown and folded runs."""
    gathered: list[Block] = []
    for paragraph in found:
        if not gathered or gathered[-1].fold != paragraph.fold:
            gathered.append(Block(paragraph.fold))
        gathered[-1].paragraphs.append(paragraph)
    return gathered


def excerpt(text: str, folds: Iterable[Mapping[str, Any]] = (), *, most: int) -> str:
    """The first words of a text, so many signs, without what is folded away."""
    shown, length = [], 0
    for paragraph in paragraphs(text[: 20 * most], folds=folds):
        if not paragraph.fold and length < most:
            shown.append(paragraph.text)
            length += len(paragraph.text)
    words = "\n".join(shown)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
