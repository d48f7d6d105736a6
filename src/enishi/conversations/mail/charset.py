"""Bytes to text, when the charset is declared wrongly, strangely or not at all.

Names follow what mail programs mean rather than what the registry says: Windows writes its own supersets under the
names of the standards (cp932 as Shift_JIS, cp1252 as ISO-8859-1, cp949 as KS_C_5601-1987), so the superset is read.
"""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from charset_normalizer import from_bytes

How = Literal["declared", "sniffed", "replaced"]

SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
}
ALIASES = {
    "ansi": "cp1252",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "cp50222": "iso2022_jp_ext",
    "cp-850": "cp850",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "ks_c_5601": "cp949",
    "ksc_5601": "cp949",
    "unicode-1-1-utf-7": "utf-7",
    "utf-8-mac": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-japanese": "cp932",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
    "x-windows-949": "cp949",
}
# Charsets whose bytes are all ASCII although the text is not.
SEVEN_BIT = frozenset(
    {"iso2022_jp_ext", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3", "iso2022_kr", "hz", "utf-7"}
)
# Codecs of text to Python, but of no mail.
NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape"})
WIDE = ("utf-16", "utf-32")
# Declared so often by programs that do not know that valid UTF-8 is better evidence.
UNRELIABLE = frozenset({"cp1252"})
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SNIFFED = [
    "euc_jp",
    "cp932",
    "gb18030",
    "cp949",
    "big5hkscs",
    "cp1251",
    "koi8_r",
    "cp1256",
    "cp1253",
    "cp1255",
    "cp1250",
    "cp1252",
]
# Below this many non-ASCII bytes a statistical guess is worth less than the commonest charset.
SNIFF_MINIMUM = 16
SNIFF_SAMPLE = 32_768

KANA = re.compile("[\u3041-\u30ff]")
JIS_ESCAPE = re.compile(rb"\x1b(\$\([A-Z]|\$[@A-Z]|\([A-Z])|(\r?\n)|([\x0e\x0f])")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """`how`: "declared" as stated (or its superset), "sniffed" from the bytes, "replaced" with marks for what is lost."""

    text: str
    charset: str
    how: How


@lru_cache(maxsize=512)
def codec_name(declared: str) -> str | None:
    """The Python codec for a declared charset, None when nobody knows it or it is no charset of text."""
    name = declared.strip(" \t\"'<>;").lower()
    if name in ALIASES:
        return ALIASES[name]
    # Python also registers transforms (rot13, zip); a name with a null byte raises ValueError.
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name.replace("-", "_") in NO_CHARSETS:
        return None
    found = info.name.replace("iso8859_", "iso8859-")
    return SUPERSETS.get(found, found)


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Text of `data`. Never raises; the text can be stored (no null characters, no lone surrogates)."""
    codec = codec_name(declared) if declared else None
    if (
        codec not in SEVEN_BIT
        and not (codec or "").startswith(WIDE)
        and data.isascii()
        and b"\x1b$" not in data
    ):
        return Decoded(_storable(data.decode("ascii")), codec or "ascii", "declared")
    found = _decode(data, codec)
    return Decoded(_storable(found.text), found.charset, found.how)


def _decode(data: bytes, codec: str | None) -> Decoded:
    for bom, name in BOMS:
        if data.startswith(bom) and (text := _strict(data, name)) is not None:
            return Decoded(text, name, "declared" if codec and codec.startswith(name[:5]) else "sniffed")
    if codec and codec not in UNRELIABLE:
        text = _iso_2022_jp(data) if codec == "iso2022_jp_ext" else _strict(data, codec)
        if text is not None:
            return Decoded(text, codec, "declared")
    if b"\x1b$" in data and (text := _iso_2022_jp(data)) is not None:
        return Decoded(text, "iso2022_jp_ext", "sniffed")
    if (text := _strict(data, "utf-8")) is not None:
        return Decoded(text, "utf-8", "sniffed")
    if codec in UNRELIABLE:
        return Decoded(_windows_1252(data), "cp1252", "declared")
    if codec:
        # One broken byte in a long text does not make the declaration wrong.
        text = data.decode(codec, "replace")
        lost, ascii_length = text.count("\ufffd"), len(text.encode("ascii", "ignore"))
        if lost * 20 < len(text) and lost < len(text) - ascii_length:
            return Decoded(text, codec, "replaced")
    return _sniff(data)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        return None


def _windows_1252(data: bytes) -> str:
    """cp1252 with its five holes read as ISO-8859-1, as browsers do."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(
            chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes((byte,)).decode("cp1252")
            for byte in data
        )


def _sniff(data: bytes) -> Decoded:
    sample = data[:SNIFF_SAMPLE]
    for codec in ("cp932", "euc_jp"):
        text = _strict(data, codec)
        # Half-width kana are what every other 8-bit text turns into; full-width kana are not an accident.
        if text and len(KANA.findall(text)) * 4 > sum(1 for character in text if character > "\x7f"):
            return Decoded(text, codec, "sniffed")
    if len(sample) - len(sample.translate(None, bytes(range(128, 256)))) >= SNIFF_MINIMUM:
        best = from_bytes(sample, cp_isolation=SNIFFED).best()
        if best is not None and (text := _strict(data, best.encoding)) is not None:
            return Decoded(text, best.encoding, "sniffed")
    return Decoded(_windows_1252(data), "cp1252", "sniffed")


def _iso_2022_jp(data: bytes) -> str | None:
    """ISO-2022-JP as mail programs write it: with half-width kana and the NEC and IBM characters of cp932.

    None when the data is no such text. Every line starts in ASCII, so a lost escape spoils one line only (RFC 1468).
    """
    if (text := _strict(data, "iso2022_jp_ext")) is not None:
        return text
    if b"\x1b" not in data:
        return None
    output: list[str] = []
    mode, position = b"(B", 0
    for match in JIS_ESCAPE.finditer(data):
        output.append(_jis_run(data[position : match.start()], mode))
        position = match.end()
        escape, newline, shift = match.groups()
        if escape:
            mode = escape
        elif newline:
            output.append("\n")
            mode = b"(B"
        else:
            mode = b"(I" if shift == b"\x0e" else b"(B"
    output.append(_jis_run(data[position:], mode))
    return "".join(output)


def _jis_run(run: bytes, mode: bytes) -> str:
    if not run:
        return ""
    if mode in (b"$@", b"$B"):
        return _shift(run).decode("cp932", "replace")
    if mode == b"$(D":
        high = bytes(byte | 0x80 for byte in run)
        pairs = (b"\x8f" + high[index : index + 2] for index in range(0, len(high), 2))
        return b"".join(pairs).decode("euc_jp", "replace")
    if mode == b"(I":
        return bytes(byte | 0x80 for byte in run).decode("cp932", "replace")
    return run.decode("cp932", "replace")


def _shift(run: bytes) -> bytes:
    """JIS X 0208 pairs moved to where Shift_JIS keeps them (JIS X 0208:1997, annex 1)."""
    output = bytearray()
    pairs = iter(run)
    for first in pairs:
        if first <= 0x20:
            output.append(first)
            continue
        second = next(pairs, 0)
        lead = ((first + 1) >> 1) + (0x70 if first < 0x5F else 0xB0)
        trail = second + (0x7E if first % 2 == 0 else 0x1F + (second >= 0x60))
        output += bytes((lead & 0xFF, trail & 0xFF))
    return bytes(output)


def _storable(text: str) -> str:
    """PostgreSQL stores no null character, UTF-8 no lone surrogate."""
    return UNSTORABLE.sub("\ufffd", text) if UNSTORABLE.search(text) else text
