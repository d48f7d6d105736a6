"""How rows are sealed: what a report's hashes are made of. Imports nothing of the application, so that anybody can check.

A row is a list of cells. A cell that names people is a list of values, each with a random salt: the row's hash covers
SHA-256(salt + value) in place of the value. When somebody is erased, value and salt go and that hash stays: the row still
proves, and nobody can guess the name from it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

FORMAT = "enishi-report/1"
ALGORITHM = "sha256"

Row = list[Any]
"""Cells: a JSON scalar, or a list of values: [text, salt, [party ids]] or, sealed out, [null, hash]."""


def canonical(value: Any) -> bytes:
    """The one way in which a value is written before it is hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def salts(count: int) -> list[str]:
    drawn = secrets.token_hex(12 * count)
    return [drawn[place : place + 24] for place in range(0, 24 * count, 24)]


def commitment(text: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}{text}".encode("utf-8", "surrogatepass")).hexdigest()


def leaf(row: Row) -> bytes:
    """Hash of one row."""
    covered = [
        [value[1] if value[0] is None else commitment(value[0], value[1]) for value in cell]
        if isinstance(cell, list)
        else cell
        for cell in row
    ]
    return hashlib.sha256(b"\x00" + canonical(covered)).digest()


def root(leaves: Iterable[bytes]) -> str:
    """Hash of the hashes of a table's rows, in order."""
    digest = hashlib.sha256(b"\x01")
    for one in leaves:
        digest.update(one)
    return digest.hexdigest()


def whole(manifest: Any) -> str:
    """The hash of a report: that of its manifest."""
    return hashlib.sha256(b"\x02" + canonical(manifest)).hexdigest()


def packed(rows: Sequence[Row]) -> bytes:
    return zlib.compress(b"\n".join(canonical(row) for row in rows), 1)


def packed_lines(lines: str) -> bytes:
    """The same of rows that are written already, one a line."""
    return zlib.compress(lines.encode("utf-8"), 1)


def unpacked(data: bytes) -> list[Row]:
    """The rows of a part; raises ValueError where they cannot be read any more."""
    try:
        lines = zlib.decompress(data).split(b"\n")
        return [json.loads(line) for line in lines if line]
    except (zlib.error, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None


def split(leaves: bytes) -> list[bytes]:
    return [leaves[place : place + 32] for place in range(0, len(leaves), 32)]
