"""Reads one file within hard limits: ``python -m enishi.content.extraction PATH MEDIA_TYPE MOST_CHARACTERS``."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from enishi.content.extraction.readers import READERS, Unreadable
from enishi.core import text

CPU_SECONDS = 40
MEMORY = 1 << 30


def main() -> int:
    path, media_type, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    kept = 0
    try:
        for piece in READERS[media_type](path):
            piece = text.clean(piece, max_length=most - kept)
            sys.stdout.buffer.write(piece.encode("utf-8", "replace"))
            kept += len(piece)
            if kept >= most:
                break
    except (Unreadable, MemoryError, RecursionError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    sys.stdout.buffer.flush()
    return 0


sys.exit(main())
