"""The typed line, a folded copy of equal length to match against, and which characters are already explained."""

import re
import unicodedata
from collections.abc import Iterable

Span = tuple[int, int]

# Longer text belongs into the editor; reading a bound part keeps every key press equally fast.
READ_LIMIT = 400

_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], None)
_SAME = str.maketrans("’‘ʼ`يىكأإۀة،؛؟", "''''ییکااهه,;?")
_EDGE = " \t\r\n,;:、。・-–—/|"
_LOOSE_WORDS = re.compile(
    r"^(?:(?:and|but|et|mais|و)(?:\s+|$))+|(?:\s+(?:and|but|et|mais|و))+$", re.IGNORECASE
)


class _Fold(dict[int, int]):
    """One character for one, so that a match in the folded text is a span of the line."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        if code in _SAME:
            folded = chr(_SAME[code])
        elif code in _BIDI or code in (0x200B, 0x200E, 0x200F, 0xFEFF) or char.isspace():
            folded = " "
        elif char.isdecimal():
            folded = str(unicodedata.decimal(char))
        else:
            folded = _one(unicodedata.normalize("NFKC", char), char)
            base = unicodedata.normalize("NFD", folded)[0]
            folded = _one((base if base.isascii() else folded).lower(), folded)
        self[code] = ord(folded)
        return self[code]


def _one(text: str, otherwise: str) -> str:
    return text if len(text) == 1 else otherwise


_FOLD = _Fold()


def fold(text: str) -> str:
    """Case, accents, width, digits and Arabic letter variants removed; same length."""
    return text.translate(_FOLD)


def tidy(text: str) -> str:
    """Readable remains: no stray separators or joining words, no characters that reorder the text around them."""
    words = " ".join(text.translate(_BIDI).split())
    words = re.sub(r"\s+([,;、。،؛])", r"\1", words)
    words = re.sub(r"([,;、。،؛])(?:\s*[,;、。،؛])+", r"\1", words)
    words = words.strip(_EDGE + "،؛")
    return _LOOSE_WORDS.sub("", words).strip(_EDGE + "،؛")


def blanked(text: str, spans: Iterable[Span]) -> str:
    """Spaces instead of the spans, places unchanged."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


class Line:
    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.text = fold(raw[:READ_LIMIT])
        self._taken = bytearray(len(raw))

    def free(self, start: int, end: int) -> bool:
        return not any(self._taken[start:end])

    def take(self, start: int, end: int) -> None:
        self._taken[start:end] = b"\x01" * (end - start)

    def open_text(self) -> str:
        """The folded text with everything explained blanked out, places unchanged."""
        return "".join(" " if taken else char for char, taken in zip(self.text, self._taken, strict=False))

    def next_taken(self, start: int) -> int:
        """Where the free run that begins at `start` stops."""
        found = self._taken.find(1, start)
        return len(self.text) if found < 0 else min(found, len(self.text))

    def last_taken(self, end: int) -> int:
        """Where the free run that ends at `end` begins."""
        return self._taken.rfind(1, 0, end) + 1

    def words(self, start: int, end: int, without: Iterable[Span] = ()) -> str:
        """The text of a span, less the given spans."""
        pieces, at = [], start
        for left, right in sorted(without):
            if right > at and left < end:
                pieces.append(self.raw[at : max(at, left)])
                at = max(at, right)
        pieces.append(self.raw[at:end] if at < end else "")
        return tidy(" ".join(pieces))

    def remaining(self) -> str:
        pieces, at = [], 0
        while at < len(self.raw):
            if self._taken[at]:
                at += 1
                continue
            stop = self._taken.find(1, at)
            stop = len(self.raw) if stop < 0 else stop
            pieces.append(self.raw[at:stop])
            at = stop
        return tidy(" ".join(pieces))
