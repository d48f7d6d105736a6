"""The structure of a message: header blocks and the tree of parts, read leniently and without recursion.

The standard library's parser gives up the headers at the first bad line, needs the boundary to be legal and recurses
into nested parts; archives hold messages that break each of these. Bodies stay slices of the one buffer until asked for.
"""

import binascii
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from . import charset
from .defects import Defect, Limits

HEADER = re.compile(rb"^([!-9;-~]+)[ \t]*:[ \t]*((?:.*)(?:\n[ \t].*)*)", re.MULTILINE)
HEADER_START = re.compile(rb"[!-9;-~]+[ \t]*:")
BLANK_LINE = re.compile(rb"\n(?=\r?\n)|\n[ \t]+\r?\n(?![ \t]*[!-9;-~]+[ \t]*:|[ \t]+\S)")
NEWLINE = re.compile(rb"\r?\n|\Z")
FOLD = re.compile(rb"\r?\n[ \t]*")
GUESSED_BOUNDARY = re.compile(rb"^--([^\r\n]{2,200}?)[ \t]*\r?\ncontent-", re.IGNORECASE | re.MULTILINE)
NOT_TOKEN = re.compile(rb"[^a-z0-9/!#$&^_.+-]+")
PARAMETER = re.compile(rb';\s*([^\s=;*]+)(\*\d*\*?|\*)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))')
QUOTED_PAIR = re.compile(rb"\\([\"\\])")
BASE64_ALPHABET = re.compile(rb"[^A-Za-z0-9+/]+")

ENCODINGS = {
    b"base64": "base64",
    b"quoted-printable": "quoted-printable",
    b"quotedprintable": "quoted-printable",
    b"quoted_printable": "quoted-printable",
    b"quoted": "quoted-printable",
    b"qp": "quoted-printable",
    b"x-uuencode": "uuencode",
    b"uuencode": "uuencode",
    b"x-uue": "uuencode",
    b"uue": "uuencode",
    b"7bit": "",
    b"8bit": "",
    b"7-bit": "",
    b"8-bit": "",
    b"binary": "",
    b"": "",
}


class Headers:
    """The fields of one header block: raw values by lower-case name, in order."""

    __slots__ = ("fields",)

    def __init__(self, fields: dict[bytes, list[bytes]]) -> None:
        self.fields = fields

    def get(self, name: bytes) -> bytes:
        """The first value, unfolded; empty when absent."""
        values = self.fields.get(name)
        return unfold(values[0]) if values else b""

    def all(self, name: bytes) -> list[bytes]:
        return [unfold(value) for value in self.fields.get(name, ())]

    def __contains__(self, name: bytes) -> bool:
        return name in self.fields


@dataclass(slots=True)
class Part:
    """One MIME entity: `raw[start:end]` is its still encoded body. `content_type` is lower-case, never empty."""

    headers: Headers
    raw: bytes
    start: int
    end: int
    content_type: str
    parameters: dict[str, str]
    depth: int = 0
    children: list["Part"] = field(default_factory=list)
    defects: set[Defect] = field(default_factory=set)

    @property
    def encoded(self) -> bytes:
        return self.raw[self.start : self.end]

    def content(self) -> bytes:
        """The body with its transfer encoding undone; as it stands where that is impossible."""
        words = self.headers.get(b"content-transfer-encoding").lower().split(b";")[0].split()
        encoding = ENCODINGS.get(words[0] if words else b"")
        if encoding is None:
            self.defects.add(Defect.ENCODING_UNKNOWN)
        if not encoding:
            return self.encoded
        decoded = _undo(encoding, self.encoded)
        if decoded or not self.encoded.strip():
            return decoded
        self.defects.add(Defect.ENCODING_UNKNOWN)
        return self.encoded


def unfold(value: bytes) -> bytes:
    return FOLD.sub(b" ", value).strip() if b"\n" in value else value.strip()


def _undo(encoding: str, body: bytes) -> bytes:
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == "base64":
        return decode_base64(body)
    lines = []
    for line in body.splitlines():
        if not line or line.startswith((b"begin ", b"end", b"`")):
            continue
        try:
            lines.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Encoders that trim trailing spaces; the length byte says how much of the line is meant.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                lines.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(lines)


def decode_base64(body: bytes) -> bytes:
    """What can be read of base64 with foreign characters, missing padding or a cut end."""
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        letters = BASE64_ALPHABET.sub(b"", body)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def parse(raw: bytes, limits: Limits, defects: set[Defect]) -> Part:
    """The tree of parts of a message whose first line is a header."""
    root = _part((raw, 0, len(raw)), 0, "text/plain", defects)
    count = 1
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if not part.content_type.startswith("multipart/"):
            continue
        if part.depth >= limits.depth:
            defects.add(Defect.NESTED_TOO_DEEP)
            part.content_type = "application/octet-stream"
            continue
        default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        for start, end in _sections(part, defects):
            count += 1
            if count > limits.parts:
                defects.add(Defect.TOO_MANY_PARTS)
                rest = Part(Headers({}), raw, start, part.end, "application/octet-stream", {}, part.depth + 1)
                part.children.append(rest)
                break
            part.children.append(_part((raw, start, end), part.depth + 1, default, defects))
        if not part.children:
            part.content_type = "text/plain"
        waiting.extend(part.children if count <= limits.parts else ())
    return root


def header_end(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the header block that begins at `start` ends, and where the body begins."""
    if raw.startswith((b"\n", b"\r\n"), start):
        return start, start + (1 if raw.startswith(b"\n", start) else 2)
    match = BLANK_LINE.search(raw, start, end)
    if match is None:
        return end, end
    if match.end() - match.start() == 1:
        newline = NEWLINE.match(raw, match.end(), end)
        return match.start() + 1, newline.end() if newline else end
    return match.start() + 1, match.end()


def read_headers(block: bytes, defects: set[Defect]) -> tuple[Headers, int]:
    """The fields of a header block and how many of its bytes are headers (the rest is text without a blank line before it)."""
    # Only for counting lines the same way the pattern does; values lose their line ends anyway.
    folded = block.replace(b"\r\n", b"\n")
    matches = HEADER.findall(folded)
    lines = sum(value.count(b"\n") for _, value in matches) + len(matches)
    used = len(block)
    if lines != folded.count(b"\n") + (not folded.endswith(b"\n") and bool(folded)):
        matches, used = _read_badly_formed(block, defects)
    fields: dict[bytes, list[bytes]] = {}
    for name, value in matches:
        fields.setdefault(name.lower(), []).append(value)
    return Headers(fields), used


def _read_badly_formed(block: bytes, defects: set[Defect]) -> tuple[list[tuple[bytes, bytes]], int]:
    matches: list[tuple[bytes, bytes]] = []
    used = position = 0
    trailing = False
    for line in block.splitlines(keepends=True):
        position += len(line)
        if HEADER_START.match(line):
            name, value = line.split(b":", 1)
            matches.append((name.strip(), value))
            used, trailing = position, False
        elif line[:1] in b" \t" and matches and not (trailing and not line.strip()):
            matches[-1] = (matches[-1][0], matches[-1][1] + line)
            used, trailing = position, False
        elif line.startswith((b"From ", b">From ")) and not matches:
            used = position
        else:
            trailing = True
            defects.add(Defect.HEADER_LINE_IGNORED)
    return matches, used


def _part(span: tuple[bytes, int, int], depth: int, default: str, defects: set[Defect]) -> Part:
    raw, start, end = span
    stop, body = header_end(raw, start, end)
    headers, used = read_headers(raw[start:stop], defects)
    if start + used < stop:
        body = start + used
    value = headers.get(b"content-type")
    content_type, parameters = read_parameters(value)
    if not content_type:
        content_type = default
    return Part(headers, raw, body, end, content_type, parameters, depth)


def _sections(part: Part, defects: set[Defect]) -> list[tuple[int, int]]:
    boundary = part.parameters.get("boundary", "").encode("latin-1", "replace")
    sections = _split(part, boundary, defects) if boundary else []
    if not sections and part.end > part.start:
        guess = GUESSED_BOUNDARY.search(part.raw, part.start, part.end)
        if guess:
            sections = _split(part, guess.group(1), defects)
        if part.encoded.strip():
            defects.add(Defect.BOUNDARY_GUESSED if sections else Defect.BOUNDARY_MISSING)
    return sections


def _split(part: Part, boundary: bytes, defects: set[Defect]) -> list[tuple[int, int]]:
    raw, end = part.raw, part.end
    needle = b"--" + boundary
    sections: list[tuple[int, int]] = []
    opened: int | None = None
    closed_at: int | None = None
    position = part.start
    while (found := raw.find(needle, position, end)) != -1:
        position = found + len(needle)
        if found > part.start and raw[found - 1] not in b"\r\n":
            continue
        newline = raw.find(b"\n", position, end)
        line_end = end if newline == -1 else newline + 1
        rest = raw[position:line_end].strip()
        if rest not in (b"", b"--", b"-") and not raw.startswith((b"-- ", b"--\t"), position):
            continue
        if opened is not None:
            # The line break before a separator belongs to the separator.
            stop = found - 1 if raw[found - 1 : found] == b"\n" else found
            sections.append((opened, max(opened, stop - (raw[stop - 1 : stop] == b"\r"))))
        opened = None if rest else line_end
        closed_at = line_end if rest else None
        position = line_end
    if opened is not None and raw[opened:end].strip():
        sections.append((opened, end))
    if closed_at is not None and raw[closed_at:end].strip():
        defects.add(Defect.TEXT_AFTER_PARTS)
    return sections


def read_parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """A structured header such as Content-Type: its lower-case value and its parameters, RFC 2231 undone.

    >>> read_parameters(b'text/plain; charset=x; name*=utf-8''%C3%A9.txt')
    ('text/plain', {'charset': 'x', 'name': 'é.txt'})
    """
    head, separator, rest = value.partition(b";")
    kind = NOT_TOKEN.sub(b"", head.lower()).decode("ascii")
    if not separator:
        return kind, {}
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, bytes]]] = {}
    for key, star, quoted, bare in PARAMETER.findall(b";" + rest):
        name = key.decode("latin-1").lower()
        content = QUOTED_PAIR.sub(rb"\1", quoted) if quoted else bare.strip()
        if not star:
            plain.setdefault(name, charset.decode(content).text)
        else:
            number = star.strip(b"*")
            pieces.setdefault(name, []).append(
                (int(number) if number.isdigit() else 0, star.endswith(b"*"), content)
            )
    for name, found in pieces.items():
        plain[name] = _join_pieces(sorted(found))
    return kind, plain


def _join_pieces(pieces: list[tuple[int, bool, bytes]]) -> str:
    declared, joined = "", b""
    for _number, encoded, content in pieces:
        value = content
        if encoded and not joined and content.count(b"'") >= 2:
            name, _language, value = content.split(b"'", 2)
            declared = name.decode("latin-1")
        joined += unquote_to_bytes(value) if encoded else value
    return charset.decode(joined, declared or None).text
