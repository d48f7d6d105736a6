"""Which encoding a text file is in. Certain signs first, then how much the letters look like a language."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from charset_normalizer import from_bytes

from .reasons import Reason, Unreadable, because

CHUNK = 1024 * 1024
SAMPLE = 128 * 1024
# A noncharacter: no text holds it, and looking for one character in a line costs nearly nothing.
BROKEN = "\ufdd0"
LABELS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-32": "UTF-32",
    "cp932": "Shift_JIS (CP932)",
    "euc_jp": "EUC-JP",
    "iso2022_jp": "ISO-2022-JP",
    "cp1252": "Windows-1252",
    "cp1256": "Windows-1256",
    "mac_roman": "Mac Roman",
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _mark_broken(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BROKEN, error.end


codecs.register_error("enishi-mark", _mark_broken)


@dataclass(frozen=True, slots=True)
class Encoding:
    """`name` for Python, `label` for people, `found` in words; `lines` counts line ends of the whole file."""

    name: str
    found: Reason
    lines: int = 0
    nulls: bool = False

    @property
    def label(self) -> str:
        return label(self.name)


def label(name: str) -> str:
    return LABELS.get(name, name)


def chosen(name: str) -> Encoding:
    """The encoding a person picked; raises Unreadable if Python does not know it."""
    try:
        codecs.lookup(name)
        # Codecs such as base64 or zlib are known too, but decode to bytes.
        if not isinstance(codecs.decode(b"a" * 8, name), str):
            raise LookupError(name)
    except (LookupError, ValueError, TypeError) as error:
        raise Unreadable("encoding", encoding=name) from error
    return Encoding(name, because("chosen", encoding=label(name)))


def find_encoding(path: Path) -> Encoding:
    """Read the whole file once (about a second a gigabyte) so that a name in row 90,000 is not missed."""
    with path.open("rb") as file:
        head = file.read(4096)
        for bom, name in _BOMS:
            if head.startswith(bom):
                return Encoding(name, because("found_bom", encoding=label(name)), _count_lines(path, name))
        if name := utf16_without_bom(head):
            return Encoding(name, because("found_zero_bytes", encoding=label(name)), _count_lines(path, name))
        file.seek(0)
        survey = _Survey()
        while chunk := file.read(CHUNK):
            survey.add(chunk)
        survey.finish()
    name, found = _judge(survey)
    return Encoding(name, found, survey.lines, survey.nulls)


def find_text_encoding(data: bytes) -> str:
    """The encoding of a piece of text alone, such as one card."""
    survey = _Survey()
    survey.add(data)
    survey.finish()
    return _judge(survey)[0]


def _count_lines(path: Path, name: str) -> int:
    with path.open("rb") as file:
        wide = file.read(2)
        newline = b"\n" if name == "utf-8-sig" else b"\0\n" if wide[:1] in (b"\0", b"\xfe") else b"\n\0"
        return wide.count(newline) + sum(
            chunk.count(newline) for chunk in iter(lambda: file.read(CHUNK), b"")
        )


class _Survey:
    """What one pass over the bytes tells: is it UTF-8, and which lines hold more than ASCII."""

    def __init__(self) -> None:
        self.ascii = True
        self.lines = 0
        self.returns = 0
        self.nulls = False
        self.escapes = False
        self.sample = bytearray()
        self.utf8_broken = 0
        self.utf8_letters = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("enishi-mark")

    def add(self, chunk: bytes) -> None:
        self.lines += chunk.count(b"\n")
        self.returns += chunk.count(b"\r")
        self.nulls = self.nulls or b"\0" in chunk
        if chunk.isascii():
            self._count(self._decoder.decode(b"", final=True))
            self.escapes = self.escapes or b"\x1b$" in chunk
            return
        self.ascii = False
        if len(self.sample) < SAMPLE:
            for line in re.split(rb"[\r\n]+", chunk):
                if not line.isascii():
                    self.sample += line[:4096] + b"\n"
                    if len(self.sample) >= SAMPLE:
                        break
        self._count(self._decoder.decode(chunk))

    def finish(self) -> None:
        self._count(self._decoder.decode(b"", final=True))
        self.lines = self.lines or self.returns

    def _count(self, text: str) -> None:
        if not text or text.isascii():
            return
        broken = text.count(BROKEN)
        self.utf8_broken += broken
        # Enough to know that most of it is UTF-8; counting all would cost more than decoding.
        if self.utf8_letters < SAMPLE:
            self.utf8_letters += sum(char > "\x7f" for char in text[:SAMPLE]) - broken


def utf16_without_bom(head: bytes) -> str:
    """UTF-16 by the zero bytes of its delimiters, digits and line ends."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd < max(2, len(head) // 50):
        return ""
    name = "utf-16-le" if odd > 9 * even else "utf-16-be" if even > 9 * odd else ""
    if not name:
        return ""
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    strange = sum(unicodedata.category(char) in ("Cn", "Co", "Cs") or char == "\ufffd" for char in text)
    return name if strange * 20 <= len(text) else ""


# Encodings of other languages that exports still come in; the library knows many that no program has written for decades.
_FURTHER = [
    "cp949",
    "gb18030",
    "big5",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1257",
    "cp874",
    "koi8_r",
]


def _judge(survey: _Survey) -> tuple[str, Reason]:
    if survey.ascii:
        if survey.escapes:
            return "iso2022_jp", because("found_escapes", encoding=label("iso2022_jp"))
        return "utf-8", because("found_ascii")
    if not survey.utf8_broken:
        return "utf-8", because("found_utf8")
    if survey.utf8_letters > 20 * survey.utf8_broken:
        return "utf-8", because("found_utf8_mostly", count=survey.utf8_broken)
    sample = bytes(survey.sample)
    # max() keeps the first of equals, so the commoner encoding stands first in the list.
    best, name, why = max(
        ((score(sample), name, why) for name, why, score in _CANDIDATES), key=lambda found: found[0]
    )
    if best >= 0.5:
        return name, because(why, encoding=label(name))
    guess = from_bytes(sample, steps=8, chunk_size=1024, cp_isolation=_FURTHER).best()
    if guess is not None:
        return guess.encoding, because("found_statistics", encoding=label(guess.encoding))
    return "cp1252", because("found_fallback", encoding=label("cp1252"))


# Kanji of column names, addresses and the commonest family names: present in any Japanese list, absent by accident.
_USUAL_KANJI = frozenset(
    "会社名氏姓部署役職郵便番号住所電話携帯東京都道府県市区町村丁目田山川中木本井上下大小高佐藤鈴伊加吉松林清渡辺株式有限"
    "長営業課員代表取締総務人事技術開発日月年北南西海新原野島橋前後石岡谷和子美太郎一二三正明"
)


def _japanese(name: str, sample: bytes) -> float:
    try:
        text = sample.decode(name)
    except UnicodeDecodeError as error:
        text = sample.decode(name, "enishi-mark")
        if text.count(BROKEN) * 50 > len(text) or error.end <= 2:
            return 0.0
    total, good, usual = 0, 0.0, 0
    for run in re.findall(r"[^\x00-\x7f]+", text):
        # A single rare kanji between Latin letters is what an accent looks like when read as Shift_JIS.
        lonely = len(run) == 1
        for char in run:
            total += 1
            if "\u3041" <= char <= "\u30fe" or char in _USUAL_KANJI:
                good, usual = good + 1, usual + 1
            elif "\uff66" <= char <= "\uff9f":
                good, usual = good + 0.55, usual + (not lonely)
            elif "\u4e00" <= char <= "\u9fff":
                first = char.encode(name, "replace")[0]
                level_one = first <= 0x97 if name == "cp932" else first <= 0xCF
                good += (0.8 if level_one else 0.25) if not lonely else (0.5 if level_one else -0.5)
            elif char in "、。「」・ー（）　〒〜～－" or "\uff01" <= char <= "\uff5e":
                good += 1 if not lonely else 0.6
            elif unicodedata.category(char)[0] in "SN":
                good += 0.4
            else:
                good -= 1
    return max(0.0, good / total * (1.0 if usual else 0.7)) if total else 0.0


_USUAL_ARABIC = frozenset("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأئؤپچژگک،؛؟\u200c")


def _arabic(sample: bytes) -> float:
    text = sample.decode("cp1256", "replace")
    total, good, letters = 0, 0.0, 0
    for run in re.findall(r"[^\x00-\x7f]+", text):
        arabic = sum(char in _USUAL_ARABIC for char in run)
        total += len(run)
        letters += arabic
        # Words of Arabic script have no Latin letter at either side.
        good += arabic * (1.0 if arabic > 1 else 0.2) - (len(run) - arabic) * 0.5
    if not letters:
        return 0.0
    attached = len(re.findall(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]", text))
    return max(0.0, (good - attached) / total * _variety(text))


def _variety(text: str) -> float:
    """Accidents repeat a few letters; words of a language use many, with alef among them."""
    return 1.0 if "ا" in text else 0.7


_LATIN_SIGNS = frozenset("«»“”‘’–—…€°§©®·•№ªº£\u00a0")
_LATIN_LETTERS = frozenset("àâäáãåæçèéêëìíîïñòóôöõøœùúûüýÿšžßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜÝŠŽŸ")


def _latin(name: str, sample: bytes) -> float:
    text = sample.decode(name, "enishi-mark")
    total, good = 0, 0.0
    for match in re.finditer(r"[^\x00-\x7f]+", text):
        run = match.group()
        before = text[match.start() - 1] if match.start() else " "
        after = text[match.end()] if match.end() < len(text) else " "
        total += len(run)
        for position, char in enumerate(run):
            left = run[position - 1] if position else before
            right = run[position + 1] if position + 1 < len(run) else after
            good += _latin_letter(char, left, right)
        if len(run) > 2:
            good -= len(run)
    return max(0.0, good / total) if total else 0.0


def _latin_letter(char: str, left: str, right: str) -> float:
    if char in _LATIN_SIGNS:
        return 0.9 if char != "\u00a0" else 0.6
    if char not in _LATIN_LETTERS:
        return -1.0
    if char.islower() or char == "ß":
        in_word = (left.isalpha() and left.isascii()) or (
            right.isalpha() and right.isascii() and right.islower()
        )
        return 1.0 if in_word else 0.3
    if left.islower():
        return -1.0
    return 1.0 if right.isalpha() or left.isupper() else 0.2


_CANDIDATES: tuple[tuple[str, str, Callable[[bytes], float]], ...] = (
    ("cp932", "found_kana", partial(_japanese, "cp932")),
    ("cp1252", "found_latin", partial(_latin, "cp1252")),
    ("cp1256", "found_arabic", _arabic),
    ("euc_jp", "found_kana", partial(_japanese, "euc_jp")),
    ("mac_roman", "found_latin", partial(_latin, "mac_roman")),
)
