"""Texts and identifiers in headers: RFC 2047 words (however broken), raw 8-bit, Message-IDs."""

import binascii
import re
from functools import lru_cache

from . import charset
from .mime import decode_base64

# At most 20 bare question marks inside a word: programs write "How are you?" unescaped, and hostile input must not cost.
ENCODED_WORD = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,20})\?=")
BRACKETED = re.compile(r"<([^<>]+)>")
COMMENT = re.compile(r"\([^()]*\)")
SPACE = re.compile(r"\s+")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MAX_ID_LENGTH = 998
MAX_CACHED = 1_000


def decode_text(value: bytes, declared: str | None = None) -> str:
    """An unstructured header in readable form, on one line. `declared`: charset to try for raw 8-bit."""
    return _decode_text(value, declared) if len(value) > MAX_CACHED else _decode_known(value, declared)


def _decode_text(value: bytes, declared: str | None) -> str:
    text = _decode_words(value, declared) if b"=?" in value else charset.decode(value, declared).text
    return SPACE.sub(" ", CONTROL.sub("", text)).strip()


# The same names and subjects come again all through an archive.
_decode_known = lru_cache(maxsize=4096)(_decode_text)


def _decode_words(value: bytes, declared: str | None) -> str:
    output: list[str] = []
    pending, pending_charset = b"", ""
    position = 0
    for match in ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        name = match.group(1).split(b"*")[0].decode("latin-1").lower()
        # White space between two words is no text; a character may be cut between two words of one charset.
        if pending_charset and (between.strip() or name != pending_charset):
            output.append(charset.decode(pending, pending_charset).text)
            pending = b""
        if between.strip() or (between and not pending_charset):
            output.append(charset.decode(between, declared).text)
        pending += _word_bytes(match.group(2), match.group(3))
        pending_charset = name
        position = match.end()
    if pending_charset:
        output.append(charset.decode(pending, pending_charset).text)
    output.append(charset.decode(value[position:], declared).text)
    return "".join(output)


def _word_bytes(encoding: bytes, content: bytes) -> bytes:
    if encoding in b"bB":
        return decode_base64(content)
    return binascii.a2b_qp(content, header=True)


def message_ids(value: bytes) -> list[str]:
    """The identifiers in a References, In-Reply-To or Message-ID header, without brackets, each once, in order.

    Identifiers without brackets count only where nothing else could be meant: a lone word with an "@".
    """
    if not value:
        return []
    text = charset.decode(value).text
    found = BRACKETED.findall(text)
    if not found:
        words = [word.strip("<>,;") for word in text.split()]
        found = [word for word in words if "@" in word] if all("@" in word for word in words) else []
    cleaned = (SPACE.sub("", CONTROL.sub("", _uncomment(identifier))) for identifier in found)
    return list(dict.fromkeys(identifier for identifier in cleaned if 0 < len(identifier) <= MAX_ID_LENGTH))


def _uncomment(text: str) -> str:
    return COMMENT.sub("", text) if "(" in text and text.count("(") < 20 else text
