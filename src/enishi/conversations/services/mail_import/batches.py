"""Mail archives as batches of mails that are read and can be stored together, from any place on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enishi.conversations.mail import RawItem, Unreadable, messages
from enishi.conversations.services.mail_import.mails import Mail, prepare
from enishi.core import clock

MESSAGES, BYTES = 400, 16 * 2**20
"""A batch is full at either: one transaction, and what is in memory at once."""


@dataclass(frozen=True)
class Archive:
    """One file or folder to import. ``size`` and ``changed`` tell whether it is still the same after an interruption."""

    path: Path
    name: str
    size: int
    changed: float

    @classmethod
    def at(cls, path: Path, name: str) -> Archive:
        try:
            found = path.stat()
        except OSError:
            return cls(path, name, 0, 0)
        return cls(path, name, found.st_size, found.st_mtime)

    def to_json(self) -> dict[str, Any]:
        return {"path": str(self.path), "name": self.name, "size": self.size, "changed": self.changed}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Archive:
        return cls(Path(data["path"]), data["name"], data["size"], data["changed"])

    @property
    def moment(self) -> dt.datetime:
        """The date of a message that has none."""
        return (
            min(dt.datetime.fromtimestamp(self.changed, dt.UTC), clock.now()) if self.changed else clock.now()
        )


@dataclass(frozen=True)
class Cursor:
    """How far the work got: that many messages of that archive are done, and everything before."""

    archive: int = 0
    item: int = 0

    def to_json(self) -> dict[str, int]:
        return {"archive": self.archive, "item": self.item}

    @classmethod
    def from_json(cls, data: dict[str, int]) -> Cursor:
        return cls(data.get("archive", 0), data.get("item", 0))


@dataclass
class Batch:
    """Mails and what could not be read, in their order. ``after`` is the cursor when they are stored, ``done`` in bytes."""

    mails: list[Mail] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    weight: int = 0
    after: Cursor = Cursor()
    done: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.mails) + len(self.unreadable) >= MESSAGES or self.weight >= BYTES


def batches(archives: Sequence[Archive], cursor: Cursor) -> Iterator[Batch]:
    """Everything from the cursor on. An archive that changed since is read from its beginning: nothing is stored twice."""
    batch = Batch(after=cursor)
    done = sum(archive.size for archive in archives[: cursor.archive])
    for number, archive in enumerate(archives[cursor.archive :], cursor.archive):
        skip = (
            cursor.item
            if number == cursor.archive and Archive.at(archive.path, archive.name) == archive
            else 0
        )
        within = 0
        for position, item in enumerate(_items(archive)):
            within += len(item.raw)
            if position < skip:
                continue
            _add(batch, item, archive)
            batch.after = Cursor(number, position + 1)
            batch.done = done + min(within, archive.size)
            if batch.is_full:
                yield batch
                batch = Batch(after=batch.after, done=batch.done)
        done += archive.size
        batch.after, batch.done = Cursor(number + 1), done
    yield batch


def _items(archive: Archive) -> Iterator[RawItem | Unreadable]:
    try:
        yield from messages(archive.path, name=archive.name)
    except OSError as error:
        reason = format_lazy(_("The file cannot be opened: {problem}."), problem=error.strerror or "?")
        yield Unreadable("unopened", reason, file=archive.name)


def _add(batch: Batch, item: RawItem | Unreadable, archive: Archive) -> None:
    batch.weight += len(item.raw)
    if isinstance(item, Unreadable):
        batch.unreadable.append(item)
        return
    try:
        batch.mails.append(prepare(item, fallback=archive.moment))
    except Unreadable as unreadable:
        batch.unreadable.append(unreadable)
