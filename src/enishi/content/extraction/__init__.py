"""The words in a file, read in a process of its own, so that no hostile file can hold up or exhaust the worker."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from enishi.content.extraction.readers import READERS

SECONDS = 60
TEXT_LIMIT = 200_000
"""Characters kept of one file; the search index holds fewer."""


@dataclass(frozen=True)
class Extracted:
    """``text`` may be empty: a picture has no words. ``failed`` when the file could not be read."""

    text: str
    failed: bool = False


def readable(media_type: str) -> bool:
    """Whether files of that type have words that can be read."""
    return media_type in READERS


def extract(path: Path, media_type: str, *, seconds: float = SECONDS) -> Extracted:
    """Read the words of a file. Never raises for any content: a broken, locked or endless file answers ``failed``."""
    if not readable(media_type):
        return Extracted("")
    command = [sys.executable, "-m", "enishi.content.extraction", str(path), media_type, str(TEXT_LIMIT)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)  # noqa: S603 own program
    except subprocess.TimeoutExpired:
        return Extracted("", failed=True)
    return Extracted(done.stdout.decode("utf-8", "replace"), failed=done.returncode != 0)
