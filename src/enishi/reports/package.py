"""Checking a package without the application: only this file, ``sealing`` and Python are needed."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enishi.reports import sealing

MANIFEST, PAPER, HOW, TABLES = "manifest.json", "paper.json", "HOW-TO-CHECK.txt", "tables/"
LEAVES = ".leaves"
_CHUNK = 1 << 20


class NotAPackage(Exception):
    """The file is no package of a report."""


@dataclass(frozen=True)
class PackageCheck:
    """What was found. ``broken`` names the file, and the row where one is known, that is not as it was sealed."""

    report_id: int
    title: str
    sha256: str
    rows: int
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.broken


def check_package(path: Path) -> PackageCheck:
    """Recompute every hash of a package. Raises NotAPackage."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _check(archive)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise NotAPackage(str(error)) from None


def _check(archive: zipfile.ZipFile) -> PackageCheck:
    described = json.loads(archive.read(MANIFEST))
    manifest, files = described["report"], described["files"]
    broken: list[str] = []
    if sealing.whole(manifest) != described["sha256"]:
        broken.append(MANIFEST)
    rows = 0
    for table in manifest["tables"]:
        name = f"{TABLES}{table['code']}.jsonl"
        found, count = _check_table(archive, name, table)
        rows += count
        broken += found
    title = _paper(archive, manifest, broken)
    listed = set(archive.namelist()) - {MANIFEST}
    for name in sorted(listed | set(files)):
        if any(one == name or one.startswith(f"{name}, ") for one in broken):
            continue
        if name not in files:
            broken.append(f"{name} (added)")
        elif name not in listed:
            broken.append(f"{name} (removed)")
        elif _digest(archive, name) != files[name]:
            broken.append(name)
    return PackageCheck(int(manifest["id"]), title, described["sha256"], rows, tuple(broken))


def _check_table(archive: zipfile.ZipFile, name: str, table: dict[str, Any]) -> tuple[list[str], int]:
    """What is altered in a table: its first row that is not as it was sealed."""
    kept_in = name.removesuffix(".jsonl") + LEAVES
    try:
        kept = sealing.split(archive.read(kept_in))
    except zipfile.BadZipFile:
        kept = []
    if sealing.root(kept) != table["sha256"] or len(kept) != table["rows"]:
        return [kept_in], 0
    place = 0
    try:
        with archive.open(name) as lines:
            for line in lines:
                if place >= len(kept) or sealing.leaf(json.loads(line)) != kept[place]:
                    return [f"{name}, row {place + 1}"], place
                place += 1
    except (ValueError, TypeError, IndexError, KeyError, zipfile.BadZipFile):
        return [f"{name}, row {place + 1}"], place
    return ([f"{name}, row {place + 1}"] if place < len(kept) else []), place


def _paper(archive: zipfile.ZipFile, manifest: dict[str, Any], broken: list[str]) -> str:
    try:
        paper = json.loads(archive.read(PAPER))
        if sealing.whole(paper) != manifest["paper"]:
            broken.append(PAPER)
        return str(paper["title"])
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile):
        broken.append(PAPER)
        return ""


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as file:
            while piece := file.read(_CHUNK):
                digest.update(piece)
    except zipfile.BadZipFile:
        return ""
    return digest.hexdigest()
