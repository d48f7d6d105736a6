"""Mail addresses as they are found: RFC 5322 with its obsolete forms, UTF-8 (RFC 6532), and what people wrote instead.

The standard library answers differently from one Python version to the next for exactly the odd forms this must read.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from . import charset
from .headers import decode_text

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|\\.|[(),;:<>]|[^"\\(),;:<>]+|["\\]', re.DOTALL)
PLAIN = re.compile(rb"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
NAMED = re.compile(rb"(?!')[A-Za-z0-9 .'_-]*<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+)>")
QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
OBFUSCATED = re.compile(
    r"^([^\s@<>]+)\s+(?:at|\(at\)|\[at\])\s+([^\s@<>]+(?:\s+(?:dot|\(dot\)|\[dot\])\s+[^\s@<>]+)*)$",
    re.IGNORECASE,
)
DOT_WORD = re.compile(r"\s+(?:dot|\(dot\)|\[dot\])\s+", re.IGNORECASE)
SPACED_ADDRESS = re.compile(r"[@.] | [@.]")
TRAILING_ADDRESS = re.compile(r"(?:^|\s)([^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+)$")
MAX_COMMENT_DEPTH = 20
MAX_MAILBOX_LENGTH = 2_000


class Address(NamedTuple):
    """One mailbox: `name` decoded, `address` as local@domain with the domain in lower case ("" when none was given).

    `raw` is what stood in the header, `repaired` tells that the address had to be put together.
    """

    name: str
    address: str
    raw: str
    repaired: bool = False


def read_addresses(value: bytes, declared: str | None = None) -> list[Address]:
    """The mailboxes of an address header; groups are flattened, empty places dropped."""
    if not value:
        return []
    if len(value) < MAX_MAILBOX_LENGTH and PLAIN.fullmatch(value):
        return [_simple(value)]
    if b"," not in value and b";" not in value and len(value) < 500:
        found = _mailbox(value, declared)
        return [found] if found else []
    mailboxes = (_mailbox(raw[:MAX_MAILBOX_LENGTH], declared) for raw in _separate(value))
    return [mailbox for mailbox in mailboxes if mailbox]


@lru_cache(maxsize=8192)
def _simple(value: bytes) -> Address:
    text = value.decode("ascii")
    return Address("", _fold_domain(text), text)


def _separate(value: bytes) -> list[bytes]:
    """The header cut at the commas (and Outlook's semicolons) between mailboxes; group names and brackets go."""
    if b'"' not in value and b"(" not in value and b":" not in value and b";" not in value:
        return [piece.strip() for piece in value.split(b",") if piece.strip()]
    pieces: list[bytes] = []
    current: list[bytes] = []
    comment = angle = 0
    for token in TOKEN.findall(value):
        if token == b"(" and comment < MAX_COMMENT_DEPTH:
            comment += 1
        elif token == b")" and comment:
            comment -= 1
        elif not comment:
            if token == b"<":
                angle = 1
            elif token == b">":
                angle = 0
            elif token in (b",", b";") and not (angle and b"@" not in b"".join(current)):
                angle = 0
                pieces.append(b"".join(current).strip())
                current = []
                continue
            elif token == b":" and not angle:
                current = []
                continue
        current.append(token)
    pieces.append(b"".join(current).strip())
    return [piece for piece in pieces if piece]


@lru_cache(maxsize=8192)
def _mailbox(raw: bytes, declared: str | None) -> Address | None:
    if match := NAMED.fullmatch(raw):
        text = raw.decode("ascii")
        return Address(text[: match.start(1) - 1].strip(), _fold_domain(match.group(1).decode("ascii")), text)
    comments: list[bytes] = []
    before: list[bytes] = []
    inside: list[bytes] = []
    target = before
    comment: list[bytes] = []
    depth = 0
    bracket = False
    for token in TOKEN.findall(raw):
        if token == b"(" and depth < MAX_COMMENT_DEPTH:
            depth += 1
            if depth == 1:
                comment = []
                continue
        elif token == b")" and depth:
            depth -= 1
            if not depth:
                comments.append(b"".join(comment))
                continue
        if depth:
            comment.append(token)
        elif token == b"<":
            # The last bracket counts: "Mail <old> <name@domain>".
            if inside and b"@" not in b"".join(inside):
                before += inside
                inside.clear()
            target, bracket = inside, True
        elif token == b">":
            target = before
        elif token == b":" and target is before and not inside:
            before.clear()
        elif token not in (b";", b","):
            target.append(token)
    if depth:
        comments.append(b"".join(comment))
    shown = decode_text(raw, declared)
    name = _display_name(b"".join(before), declared)
    if bracket:
        spec, repaired = _spec(b"".join(inside), declared)
        if not spec and name and "@" in name and " " not in name:
            spec, repaired, name = _fold_domain(name), True, ""
    else:
        spec, repaired, name = _bare(b"".join(before), name, declared)
    if not name and comments:
        name = decode_text(comments[0], declared)
    if not spec and not name:
        return None
    return Address("" if name == spec else name, spec, shown, repaired)


def _display_name(raw: bytes, declared: str | None) -> str:
    raw = raw.strip()
    text = decode_text(raw, declared)
    if b'"' in raw:
        text = QUOTED_PAIR.sub(r"\1", text.replace('\\"', "\0").replace('"', "").replace("\0", '"'))
    elif len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]
    return text.strip()


def _spec(raw: bytes, declared: str | None) -> tuple[str, bool]:
    """The address in brackets, its route (@a,@b:) and white space removed."""
    text = " ".join(charset.decode(raw, declared).text.split())
    if text.startswith("@") and ":" in text:
        text = text.rsplit(":", 1)[1]
    if text.lower().startswith("mailto:"):
        text = text[7:]
    if "=?" in text:
        text = decode_text(text.encode(), declared)
    if match := OBFUSCATED.match(text):
        return _fold_domain(f"{match[1]}@{DOT_WORD.sub('.', match[2])}"), True
    if text.startswith('"'):
        local, _, domain = text.rpartition("@")
        return (_fold_domain(f"{local.strip()}@{''.join(domain.split())}") if local else text), False
    joined = "".join(text.split())
    return (_fold_domain(joined), joined != text) if "@" in joined else ("", bool(joined))


def _bare(raw: bytes, name: str, declared: str | None) -> tuple[str, bool, str]:
    """An address without brackets: alone, spelled out ("user at host"), or after a name."""
    text = " ".join(charset.decode(raw, declared).text.split())
    if match := OBFUSCATED.match(text):
        return _fold_domain(f"{match[1]}@{DOT_WORD.sub('.', match[2])}"), True, ""
    if "@" not in text:
        return "", True, name
    if not re.search(r"\s", text) or text.startswith('"') or SPACED_ADDRESS.search(text):
        spec, repaired = _spec(raw, declared)
        return spec, repaired, ""
    if match := TRAILING_ADDRESS.search(text):
        return _fold_domain(match[1]), True, decode_text(text[: match.start(1)].encode(), None).strip("\"' ")
    word = next(word for word in text.split() if "@" in word)
    return _fold_domain(word.strip(".,")), True, decode_text(text.replace(word, "").encode(), None)


def _fold_domain(address: str) -> str:
    local, separator, domain = address.rpartition("@")
    return f"{local}@{domain.lower().rstrip('.')}" if separator else address
