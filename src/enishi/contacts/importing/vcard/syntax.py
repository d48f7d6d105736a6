"""Lines of a vCard as properties: folding, parameters, encodings, escapes (RFC 2426, 6350, 6868, vCard 2.1).

The work is done on bytes, because each property may name a charset of its own.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from enishi.contacts.importing.encoding import BROKEN

_NAME = re.compile(rb"\s*(?:([A-Za-z0-9_-]+)\.)?([A-Za-z0-9_-]+)(?=[;:])")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/=\s]+")
_ENCODINGS_2_1 = frozenset({"QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"})


@dataclass(slots=True)
class Property:
    """One content line. `raw` is the value as bytes, before its charset; `parameters` have upper-case names."""

    name: str
    group: str
    parameters: dict[str, list[str]]
    raw: bytes
    version: str = ""
    fallback: str = "utf-8"
    broken: bool = field(default=False, init=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        words = (word.strip() for value in self.parameters.get("TYPE", ()) for word in value.split(","))
        return tuple(dict.fromkeys(word.lower() for word in words if word))

    def parameter(self, name: str) -> str:
        return next(iter(self.parameters.get(name, ())), "")

    @property
    def encoding(self) -> str:
        return self.parameter("ENCODING").upper()

    def text(self) -> str:
        """The value decoded, still escaped."""
        raw = quopri.decodestring(self.raw) if self.encoding == "QUOTED-PRINTABLE" else self.raw
        charset = _codec(self.parameter("CHARSET")) or self.fallback
        text = raw.decode(charset, "enishi-mark")
        if BROKEN in text and charset != self.fallback:
            # The label is wrong more often than the bytes.
            second = raw.decode(self.fallback, "enishi-mark")
            text = second if BROKEN not in second else text
        self.broken = self.broken or BROKEN in text
        # Phones cut long values anywhere, also inside a letter.
        return text.rstrip(BROKEN).replace(BROKEN, "\ufffd").replace("\0", "").replace("\r\n", "\n")

    def value(self) -> str:
        return unescape(self.text(), self.version).strip()

    def components(self) -> list[str]:
        """A structured value, such as N or ADR: split at semicolons; lists inside a component become words."""
        parts = split(self.text(), ";")
        if self.version == "2.1":
            return [unescape(part, self.version).strip() for part in parts]
        joined = (
            " ".join(filter(None, (unescape(item, self.version).strip() for item in split(part, ","))))
            for part in parts
        )
        return list(joined)

    def fields(self) -> list[str]:
        """A value split at semicolons alone, such as ORG."""
        return [unescape(part, self.version).strip() for part in split(self.text(), ";")]

    def items(self) -> list[str]:
        """A list, such as CATEGORIES. Some programs escape the very commas that separate."""
        text = self.text()
        parts = split(text, ",")
        if len(parts) == 1:
            parts = unescape(text, self.version).split(",")
            return [part.strip() for part in parts if part.strip()]
        return [item for item in (unescape(part, self.version).strip() for part in parts) if item]


def from_base64(raw: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(raw.split())) or None
    except (binascii.Error, ValueError):
        return None


def _codec(charset: str) -> str:
    if not charset:
        return ""
    name = charset.strip().lower()
    if name in ("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j"):
        return "cp932"
    if name in ("iso-8859-1", "latin1", "us-ascii"):
        return "cp1252"
    try:
        return name if isinstance(codecs.decode(b"a", name), str) else ""
    except (LookupError, ValueError, TypeError):
        return ""


def unescape(text: str, version: str = "") -> str:
    if "\\" not in text:
        return text
    # In 2.1 a backslash only guards punctuation: C:\new is a path.
    newline = "\n" if version != "2.1" else None

    def character(match: re.Match[str]) -> str:
        char = match[1]
        if char in "nN":
            return newline if newline is not None else match[0]
        return char if char in "\\;,:\"'" else match[0]

    return re.sub(r"\\(.)", character, text, flags=re.DOTALL)


def split(text: str, separator: str) -> list[str]:
    if "\\" not in text:
        return text.split(separator)
    parts = [""]
    for piece in re.findall(r"\\.|[^\\]|\\$", text, flags=re.DOTALL):
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def content_lines(lines: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Unfolded lines with the index of their first physical line."""
    index = 0
    while index < len(lines):
        start, line = index, lines[index].rstrip(b"\r\n")
        index += 1
        head = line.partition(b":")[0].upper()
        pieces = [line]
        if b"QUOTED-PRINTABLE" in head:
            while pieces[-1].endswith(b"=") and index < len(lines) and not _is_delimiter(lines[index]):
                pieces[-1] = pieces[-1][:-1]
                pieces.append(lines[index].rstrip(b"\r\n"))
                index += 1
        is_base64 = b"BASE64" in head or b"ENCODING=B" in head
        while index < len(lines):
            following = lines[index].rstrip(b"\r\n")
            if following[:1] in (b" ", b"\t"):
                pieces.append(following[1:])
            # Version 2.1 ends binary data with a blank line and need not indent it.
            elif is_base64 and following and b":" not in following and _BASE64_LINE.fullmatch(following):
                pieces.append(following)
            else:
                break
            index += 1
        whole = b"".join(pieces)
        if whole.strip():
            yield start, whole


def _is_delimiter(line: bytes) -> bool:
    return line.strip().upper().replace(b" ", b"").startswith((b"END:VCARD", b"BEGIN:VCARD"))


def parse_property(line: bytes) -> Property | None:
    """A property, or None if the line is none."""
    match = _NAME.match(line)
    if not match:
        return None
    position, quoted = match.end(), False
    separators = []
    for position in range(match.end(), len(line)):
        char = line[position]
        if char == 0x22:
            quoted = not quoted
        elif char == 0x3A and not quoted:
            break
        elif char == 0x3B and not quoted:
            separators.append(position)
    else:
        # An unbalanced quote swallowed the colon: read it without regard to quotes.
        position = line.find(b":", match.end())
        if position < 0:
            return None
        separators = [i for i in range(match.end(), position) if line[i] == 0x3B]
    parameters: dict[str, list[str]] = {}
    for begin, end in pairwise([*separators, position]):
        _add_parameter(parameters, line[begin + 1 : end].decode("utf-8", "replace").strip())
    group = (match[1] or b"").decode("ascii").lower()
    return Property(match[2].decode("ascii").upper(), group, parameters, line[position + 1 :])


def _add_parameter(parameters: dict[str, list[str]], text: str) -> None:
    if not text:
        return
    name, equals, value = text.partition("=")
    if not equals:
        # Version 2.1 leaves out the name.
        name, value = ("ENCODING" if text.upper() in _ENCODINGS_2_1 else "TYPE"), text
    elif name.strip().upper() == "ENCODING" and value.upper() == "B":
        value = "BASE64"
    value = value.strip().strip('"').replace("^n", "\n").replace("^'", '"').replace("^^", "^")
    parameters.setdefault(name.strip().upper(), []).append(value)
