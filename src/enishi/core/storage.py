"""Content-addressed storage: a file is kept once, under the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

_CHUNK = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")


class TooLarge(Exception):
    """The stream is longer than the caller allows; ``limit`` is in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(frozen=True)
class Stored:
    sha256: str
    size: int


def path_of(sha256: str) -> Path:
    """Where the bytes of that hash lie. Raises ValueError for anything that is not a SHA-256 in hexadecimal."""
    if not _NAME.fullmatch(sha256):
        raise ValueError("not a SHA-256")
    return Path(settings.FILES_DIR) / sha256[:2] / sha256[2:4] / sha256


def put(chunks: Iterable[bytes], *, limit: int | None = None) -> Stored:
    """Keep a stream; equal bytes are kept once. Raises TooLarge before more than ``limit`` bytes are written."""
    root = Path(settings.FILES_DIR)
    root.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=root, prefix=".incoming-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            for chunk in chunks:
                size += len(chunk)
                if limit is not None and size > limit:
                    raise TooLarge(limit)
                digest.update(chunk)
                out.write(chunk)
        target = path_of(digest.hexdigest())
        if target.exists():
            temporary.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Stored(digest.hexdigest(), size)


def put_bytes(data: bytes) -> Stored:
    return put([data])


def put_file(source: BinaryIO, *, limit: int | None = None) -> Stored:
    return put(iter(lambda: source.read(_CHUNK), b""), limit=limit)


def open_blob(sha256: str) -> BinaryIO:
    """Open kept bytes for reading; raises FileNotFoundError when they are gone."""
    return path_of(sha256).open("rb")


def remove(sha256: str) -> bool:
    """Delete kept bytes for good; tells whether there were any. The caller knows that nothing needs them."""
    path = path_of(sha256)
    there = path.exists()
    path.unlink(missing_ok=True)
    return there
