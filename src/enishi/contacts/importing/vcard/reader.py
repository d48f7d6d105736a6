"""Cards of a file, one by one. What is broken is handed out as Quarantined, and reading goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from enishi.contacts.importing import encoding
from enishi.contacts.importing.reasons import Quarantined, Unreadable, because

from .card import Card, build
from .syntax import content_lines, parse_property

MB = 1024 * 1024
CARD_LIMIT = 32 * MB
_LINE_LIMIT = 1 * MB
_RAW_SHOWN = 20_000
# A note cut in the middle of a letter is no reason to refuse a person; a name is.
_NEEDED = {"N", "FN", "EMAIL"}


def cards(
    path: Path, *, file_encoding: str = "", card_limit: int = CARD_LIMIT
) -> Iterator[Card | Quarantined]:
    """Every card of a file, or why it was not read. Raises Unreadable if the file cannot be opened."""
    try:
        fallback = file_encoding or encoding.find_encoding(path).name
        number, outside_from = 0, 0
        outside: list[bytes] = []
        current: list[bytes] | None = None
        begin = size = depth = 0
        for line_number, line in enumerate(_lines(path, fallback), start=1):
            mark = line.strip(b" \t\r\n\xef\xbb\xbf").upper().replace(b" ", b"")
            if mark == b"BEGIN:VCARD" and current is not None and _embeds(current):
                depth += 1
            elif mark == b"BEGIN:VCARD":
                if current is not None:
                    yield _quarantined(number, begin, current, "card_not_closed")
                if outside:
                    yield _outside(outside_from, outside)
                    outside = []
                number, begin, current, size = number + 1, line_number, [], 0
            elif mark == b"END:VCARD" and depth:
                depth -= 1
            elif mark == b"END:VCARD" and current is not None:
                yield (
                    _read(number, begin, current, fallback)
                    if size <= card_limit
                    else _quarantined(number, begin, current, "card_too_long", limit=card_limit // MB)
                )
                current = None
                continue
            elif current is None and mark:
                outside_from = outside_from if outside else line_number
                if len(outside) < 200:
                    outside.append(line)
            if current is not None:
                size += len(line)
                if size <= card_limit:
                    current.append(line)
        if current is not None:
            yield _quarantined(number, begin, current, "card_not_closed")
        if outside:
            yield _outside(outside_from, outside)
    except OSError as error:
        raise Unreadable("missing") from error
    except UnicodeError as error:
        raise Unreadable("encoding", encoding=encoding.label(fallback)) from error


def _embeds(lines: list[bytes]) -> bool:
    """An AGENT of version 2.1 holds a whole card on the lines below it."""
    return lines[-1].strip().upper().rstrip(b":").endswith(b"AGENT") if lines else False


def _lines(path: Path, name: str) -> Iterator[bytes]:
    for raw in _raw_lines(path, name):
        # Old Mac line ends, and files whose line ends were converted twice (CR CR LF).
        if b"\r" in raw[:-2]:
            yield from re.sub(rb"\r+\n|\r", b"\n", raw).splitlines(keepends=True)
        else:
            yield raw


def _raw_lines(path: Path, name: str) -> Iterator[bytes]:
    if name.startswith(("utf-16", "utf-32")):
        with path.open(encoding=name, errors="enishi-mark", newline="\n") as text:
            for line in iter(lambda: text.readline(_LINE_LIMIT), ""):
                yield line.encode("utf-8", "replace")
        return
    with path.open("rb") as file:
        yield from iter(lambda: file.readline(_LINE_LIMIT), b"")


def _read(number: int, begin: int, lines: list[bytes], fallback: str) -> Card | Quarantined:
    properties, bad_lines = [], []
    fallback = _card_encoding(lines, fallback)
    raw = _shown(lines, fallback)
    version = ""
    for index, line in content_lines(lines):
        prop = parse_property(line)
        if prop is None:
            bad_lines.append(begin + index)
            continue
        prop.fallback = fallback
        if prop.name == "VERSION":
            version = prop.raw.decode("ascii", "replace").strip()
        properties.append(prop)
    for prop in properties:
        prop.version = version
    card = Card(number, begin, raw, version=version, bad_lines=bad_lines)
    build(card, properties)
    item = _item(number, begin)
    if _NEEDED & set(card.broken):
        return Quarantined(item, because("card_bytes", encoding=encoding.label(fallback)), raw)
    if card.is_empty:
        if bad_lines:
            text = lines[bad_lines[0] - begin].decode("utf-8", "replace").strip()[:80]
            return Quarantined(item, because("bad_line", line=bad_lines[0], text=text), raw)
        return Quarantined(item, because("card_empty"), raw)
    return card


def _card_encoding(lines: list[bytes], fallback: str) -> str:
    """A file may hold cards of several origins; one that is no valid text in the file's encoding is judged alone."""
    if fallback.startswith(("utf-16", "utf-32")):
        return "utf-8"
    data = b"".join(lines)
    try:
        data.decode(fallback)
    except UnicodeDecodeError:
        try:
            data.decode("utf-8")
            return "utf-8"
        except UnicodeDecodeError:
            return encoding.find_text_encoding(data)
    return fallback


def _item(number: int, begin: int) -> str:
    return f"{number} ({begin})"


def _shown(lines: list[bytes], name: str) -> str:
    text = b"".join(lines)[: _RAW_SHOWN * 4].decode(
        name if not name.startswith("utf-16") else "utf-8", "replace"
    )
    return text[:_RAW_SHOWN].replace("\0", "")


def _quarantined(number: int, begin: int, lines: list[bytes], code: str, **params: int) -> Quarantined:
    return Quarantined(_item(number, begin), because(code, **params), _shown(lines, "utf-8"))


def _outside(begin: int, lines: list[bytes]) -> Quarantined:
    return Quarantined(_item(0, begin), because("outside_card"), _shown(lines, "utf-8"))
