"""Zip files from strangers: looked at before anything is unpacked."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from .reasons import Unreadable

MB = 1024 * 1024
# Deflate reaches 1,032:1 on zeros; sheets of repeated rows reach about 100:1.
RATIO_THAT_MATTERS_FROM = 8 * MB


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    unpacked_bytes: int = 1024 * MB
    ratio: int = 200
    parts: int = 50_000


def open_archive(path: Path, limits: ArchiveLimits) -> zipfile.ZipFile:
    """Open a zip whose directory keeps within the limits, else raise Unreadable.

    The declared sizes bind the reading too: zipfile hands out at most the declared bytes of a member and then compares
    its checksum, so a directory that lies gives a truncated member and an error, never more data.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise Unreadable("damaged", detail=str(error)) from error
    try:
        _check(archive.infolist(), limits)
    except Unreadable:
        archive.close()
        raise
    return archive


def _check(members: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(members) > limits.parts:
        raise Unreadable("too_many_parts", count=len(members), limit=limits.parts)
    total = sum(member.file_size for member in members)
    if total > limits.unpacked_bytes:
        raise Unreadable("bomb", size=total // MB, limit=limits.unpacked_bytes // MB)
    for member in members:
        if member.file_size >= RATIO_THAT_MATTERS_FROM:
            ratio = member.file_size // max(member.compress_size, 1)
            if ratio > limits.ratio:
                raise Unreadable("ratio", part=member.filename, ratio=ratio)
