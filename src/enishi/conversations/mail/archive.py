"""Mail archives opened as a stream of raw messages: mbox, EML, folders (Maildir, MH too), zip and gzip of these.

Memory stays constant (one message at a time); what the archive unpacks to is bounded while it is read, because its own
declarations cannot be trusted.
"""

import gzip
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .dates import ENVELOPE_DATE
from .defects import DEFAULT_LIMITS, Limits, Unreadable

CHUNK = 1 << 20
# A separator and the line after it must lie in one window.
LOOKAHEAD = 2_048
SEPARATOR = re.compile(rb"From (?![ \t]*:)([^\r\n]{1,400})\r?\n")
LEADING = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*")
NEXT_HEADER = re.compile(rb"(?:>?From [^\r\n]*\r?\n)?[!-9;-~]+[ \t]*:")
SENDER = re.compile(rb"(?:-|\S+@\S+|\S+ at \S+|MAILER[-_]DAEMON|\?\?\?@\?\?\?)(?:\s|$)", re.IGNORECASE)
MBOXRD_QUOTE = re.compile(rb"^>(>*From )", re.MULTILINE)
EMLX_LENGTH = re.compile(rb"(\d{1,10})[ \t]*\r?\n")
SINGLE_SUFFIXES = (".eml", ".emlx", ".msg", ".mht", ".mhtml")
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
GZIP_MAGIC = b"\x1f\x8b"
# Indexes and droppings that mail programs and systems leave beside the mail.
IGNORED_NAMES = re.compile(
    r"\..*|__MACOSX|Thumbs\.db|desktop\.ini|dovecot.*|maildirfolder|courierimap.*|subscriptions|.*\.(?:msf|ibex\.index.*|cmeta|ev-summary)",
    re.IGNORECASE,
)
UNSAFE_IN_NAME = re.compile("[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Ratios mean nothing on little files: an empty mailbox compresses endlessly well.
RATIO_FROM = 16 * 2**20
SPOOL = 16 * 2**20


@dataclass(frozen=True, slots=True)
class RawItem:
    """One message as it lies in the archive. `file`: path inside what was given, "/" between; `item`: "#12, byte 40312".

    `envelope` is the mbox separator line, "" otherwise.
    """

    file: str
    item: str
    raw: bytes
    envelope: str = ""

    @property
    def name(self) -> str:
        return f"{self.file} {self.item}".rstrip()


class Budget:
    """How much one archive may still unpack."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.archive_total
        self.entries = limits.archive_entries


class Metered:
    """A decompressing stream that stops at what no honest archive unpacks to."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, compressed: int, budget: Budget) -> None:
        self.stream = stream
        self.allowed = max(compressed * budget.limits.archive_ratio, RATIO_FROM)
        self.budget = budget

    def read(self, size: int = CHUNK) -> bytes:
        data = self.stream.read(size)
        self.allowed -= len(data)
        self.budget.left -= len(data)
        if self.allowed < 0 or self.budget.left < 0:
            raise Unreadable(
                "archive-bomb",
                _(
                    "The archive unpacks to far more than it holds; reading stopped here. Unpack it yourself and import the files."
                ),
            )
        return data


Stream = IO[bytes] | Metered


def messages(
    path: Path, *, name: str = "", limits: Limits = DEFAULT_LIMITS
) -> Iterator[RawItem | Unreadable]:
    """Every message in a file or folder, in a stable order; what cannot be opened comes as Unreadable, in its place.

    `name` is what a file was called before it was stored under `path`; what lies in a folder is named relative to it.
    Never raises for what is inside; OSError when `path` itself cannot be opened.
    """
    path = Path(path)
    budget = Budget(limits)
    if not path.is_dir():
        yield from _file(path, safe_path(name or path.name), budget)
        return
    for found in _files(path):
        name = safe_path(found.relative_to(path).as_posix())
        try:
            yield from _file(found, name, budget)
        except OSError as error:
            reason = format_lazy(_("The file cannot be opened: {problem}."), problem=error.strerror or "?")
            yield Unreadable("unopened", reason, file=name)


def safe_path(name: str) -> str:
    """A name to show: no control or direction characters, no way out of the archive."""
    cleaned = UNSAFE_IN_NAME.sub("\ufffd", name.replace("\\", "/"))
    return "/".join(piece for piece in cleaned.split("/") if piece not in ("", ".", ".."))[:500] or "?"


def _files(folder: Path) -> Iterator[Path]:
    """Ordinary files below, sorted. Links are not followed: they lead out of the folder or in circles."""
    folders = [folder]
    while folders:
        entries = sorted(folders.pop().iterdir(), key=lambda entry: entry.name)
        below = []
        for entry in entries:
            mode = entry.lstat().st_mode
            is_maildir_folder = stat.S_ISDIR(mode) and (entry / "cur").is_dir()
            if IGNORED_NAMES.fullmatch(entry.name) and not is_maildir_folder:
                continue
            if stat.S_ISDIR(mode):
                below.append(entry)
            elif stat.S_ISREG(mode):
                yield entry
        folders += reversed(below)


def _file(path: Path, name: str, budget: Budget) -> Iterator[RawItem | Unreadable]:
    with path.open("rb") as stream:
        head = stream.read(4)
        stream.seek(0)
        if head.startswith(ZIP_MAGIC):
            yield from _zip(stream, name, budget, budget.limits.archive_depth)
        elif head.startswith(GZIP_MAGIC):
            yield from _gzip(stream, path.stat().st_size, name, budget)
        else:
            yield from _stream(stream, name, budget.limits)


def _gzip(stream: IO[bytes], size: int, name: str, budget: Budget) -> Iterator[RawItem | Unreadable]:
    name = name.removesuffix(".gz")
    try:
        yield from _stream(Metered(gzip.GzipFile(fileobj=stream), size, budget), name, budget.limits)
    except (OSError, EOFError, zlib.error):
        yield Unreadable(
            "archive-broken", _("The compressed file is damaged; what stands before was read."), file=name
        )


def _zip(stream: IO[bytes], name: str, budget: Budget, depth: int) -> Iterator[RawItem | Unreadable]:
    if not depth:
        yield Unreadable(
            "archive-depth",
            _("Archives are packed into archives too often. Unpack them and import the files."),
            file=name,
        )
        return
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, OSError):
        yield Unreadable(
            "archive-broken",
            _("The zip archive is damaged. Pack it again or import the files unpacked."),
            file=name,
        )
        return
    with archive:
        for info in archive.infolist():
            path = f"{name}/{safe_path(info.filename)}"
            if info.is_dir() or any(
                IGNORED_NAMES.fullmatch(piece) for piece in safe_path(info.filename).split("/")
            ):
                continue
            budget.entries -= 1
            if budget.entries < 0:
                yield Unreadable(
                    "archive-entries",
                    _("The archive holds more files than the limit; reading stopped here."),
                    file=name,
                )
                return
            yield from _zip_entry(archive, info, path, budget, depth)
            if budget.left < 0:
                return


def _zip_entry(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, budget: Budget, depth: int
) -> Iterator[RawItem | Unreadable]:
    if info.flag_bits & 0x1:
        yield Unreadable(
            "archive-encrypted",
            _("The file is encrypted. Unpack the archive with its password and import the files."),
            file=path,
        )
        return
    try:
        with archive.open(info) as opened:
            metered = Metered(opened, info.compress_size, budget)
            head = metered.read(4)
            rest = _Prefixed(head, metered)
            if head.startswith(ZIP_MAGIC):
                with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
                    while chunk := rest.read(CHUNK):
                        spool.write(chunk)
                    spool.seek(0)
                    yield from _zip(spool, path, budget, depth - 1)
            elif head.startswith(GZIP_MAGIC):
                yield from _gzip(rest, info.compress_size, path, budget)  # type: ignore[arg-type]
            else:
                yield from _stream(rest, path, budget.limits)  # type: ignore[arg-type]
    except Unreadable as unreadable:
        unreadable.file = path
        yield unreadable
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        yield Unreadable(
            "archive-broken", _("The file in the archive is damaged; what stands before was read."), file=path
        )


class _Prefixed:
    """A stream with the bytes given back that were read to recognise it."""

    def __init__(self, head: bytes, stream: Metered) -> None:
        self.head = head
        self.stream = stream

    def read(self, size: int = CHUNK) -> bytes:
        if self.head and size != 0:
            head, self.head = self.head, b""
            if 0 < size < len(head):
                self.head = head[size:]
                return head[:size]
            return head + self.stream.read(size - len(head)) if size > len(head) else head
        return self.stream.read(size)


def _stream(stream: Stream, name: str, limits: Limits) -> Iterator[RawItem | Unreadable]:
    """The messages of one file that is no archive: a mailbox when it begins like one, else one message."""
    head = stream.read(CHUNK)
    begin = LEADING.match(head)
    skipped = begin.end() if begin else 0
    if head[skipped : skipped + 5] == b"From " and _is_mailbox(head[skipped:], name):
        yield from _mailbox(stream, head[skipped:], skipped, name, limits)
        return
    yield _whole(stream, head, name, limits)


def _is_mailbox(head: bytes, name: str) -> bool:
    """An EML with a separator line left on top is one message, unless more well-formed ones follow."""
    match = SEPARATOR.match(head)
    if match is None:
        return False
    if not name.lower().endswith(SINGLE_SUFFIXES):
        return True
    return any(_separates(head, other, strict=True) for other in _separators(head, match.end()))


def _whole(stream: Stream, head: bytes, name: str, limits: Limits) -> RawItem | Unreadable:
    pieces, size = [head], len(head)
    while size <= limits.message and (chunk := stream.read(CHUNK)):
        pieces.append(chunk)
        size += len(chunk)
    raw = b"".join(pieces)
    if size > limits.message:
        return too_large(name, "", raw, limits)
    if name.lower().endswith(".emlx") and (length := EMLX_LENGTH.match(raw)):
        raw = raw[length.end() : length.end() + int(length.group(1))]
    return RawItem(name, "", raw)


def too_large(name: str, item: str, raw: bytes, limits: Limits) -> Unreadable:
    """For quarantine: a message beyond the limit, of which its beginning is kept."""
    reason = format_lazy(
        _(
            "The message is larger than {megabytes} MB, the limit for one message. Save its attachments apart and import it without them."
        ),
        megabytes=limits.message // 2**20,
    )
    return Unreadable("too-large", reason, file=name, item=item, raw=raw[: limits.quarantine], truncated=True)


def _mailbox(
    stream: Stream, buffer: bytes, offset: int, name: str, limits: Limits
) -> Iterator[RawItem | Unreadable]:
    """Cut at the separator lines. `offset` is where `buffer` begins in the file."""
    number = 0
    search_from = 0
    skipping: Unreadable | None = None
    while True:
        chunk = stream.read(CHUNK)
        limit = len(buffer) if not chunk else max(len(buffer) - LOOKAHEAD, 0)
        start = 0
        for match in _separators(buffer, search_from):
            if match.start() >= limit:
                break
            if match.start() > start and _separates(buffer, match):
                number += skipping is None
                yield skipping or _item(buffer[start : match.start()], number, offset + start, name, limits)
                skipping = None
                start = match.start()
        buffer, offset = buffer[start:], offset + start
        limit -= start
        if not chunk:
            break
        if len(buffer) > limits.message and skipping is None:
            number += 1
            skipping = too_large(name, _place(number, offset), buffer, limits)
        if skipping is not None:
            # Only what may hold the next separator is kept.
            dropped = max(limit - 1, 0)
            buffer, offset, limit = buffer[dropped:], offset + dropped, limit - dropped
        search_from = max(limit - 1, 0)
        buffer += chunk
    number += skipping is None
    yield skipping or _item(buffer, number, offset, name, limits)


def _separators(buffer: bytes, position: int) -> Iterator[re.Match[bytes]]:
    while (position := buffer.find(b"\nFrom ", position)) != -1:
        position += 1
        if match := SEPARATOR.match(buffer, position):
            yield match


def _separates(buffer: bytes, match: re.Match[bytes], *, strict: bool = False) -> bool:
    """A separator line has a date; without one it stands after an empty line, names a sender and a header follows."""
    line = match.group(1)
    if ENVELOPE_DATE.search(line.decode("ascii", "replace")):
        return bool(NEXT_HEADER.match(buffer, match.end())) or (
            not strict and _after_empty_line(buffer, match.start())
        )
    if strict:
        return False
    return (
        _after_empty_line(buffer, match.start())
        and SENDER.match(line) is not None
        and NEXT_HEADER.match(buffer, match.end()) is not None
    )


def _after_empty_line(buffer: bytes, position: int) -> bool:
    return buffer[max(position - 3, 0) : position].endswith((b"\n\n", b"\n\r\n"))


def _place(number: int, offset: int) -> str:
    return f"#{number}, byte {offset}"


def _item(piece: bytes, number: int, offset: int, name: str, limits: Limits) -> RawItem | Unreadable:
    line, _, raw = piece.partition(b"\n")
    if len(raw) > limits.message:
        return too_large(name, _place(number, offset), raw, limits)
    if b">From " in raw:
        raw = MBOXRD_QUOTE.sub(rb"\1", raw)
    # The empty line before the next separator belongs to the separator.
    if raw.endswith(b"\r\n\r\n"):
        raw = raw[:-2]
    elif raw.endswith(b"\n\n"):
        raw = raw[:-1]
    envelope = line.rstrip(b"\r").decode("utf-8", "replace")
    return RawItem(name, _place(number, offset), raw, envelope)


def from_bytes(data: bytes, name: str, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[RawItem | Unreadable]:
    """The same for an upload in memory."""
    budget = Budget(limits)
    stream = BytesIO(data)
    if data.startswith(ZIP_MAGIC):
        yield from _zip(stream, safe_path(name), budget, limits.archive_depth)
    elif data.startswith(GZIP_MAGIC):
        yield from _gzip(stream, len(data), safe_path(name), budget)
    else:
        yield from _stream(stream, safe_path(name), limits)
