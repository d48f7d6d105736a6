"""backup, restore."""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import asdict
from pathlib import Path

from enishi.config import backup as archive
from enishi.config import env
from enishi.config.cli.output import Refused, add_json, show


def backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", type=Path, help="the archive to write (default: enishi-DATE-TIME.tar here)"
    )
    add_json(parser)
    parser.set_defaults(run=_backup)


def restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, help="the archive to bring back")
    parser.add_argument("--force", action="store_true", help="replace everything that the database holds now")
    add_json(parser)
    parser.set_defaults(run=_restore)


def _backup(arguments: argparse.Namespace) -> int:
    path: Path = arguments.path or Path(f"enishi-{dt.datetime.now():%Y%m%d-%H%M%S}.tar")
    path = path.absolute()
    try:
        manifest = archive.create(env.read(), path)
    except archive.BackupError as error:
        raise Refused(str(error)) from None
    lines = [f"Written: {path} ({len(manifest.parts) - 1} files, {path.stat().st_size:,} bytes)"]
    show(arguments, _facts(path, manifest), lines)
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    path: Path = arguments.path.absolute()
    try:
        manifest = archive.restore(env.read(), path, force=arguments.force)
    except archive.BackupError as error:
        raise Refused(str(error)) from None
    lines = [
        f"Restored: the state of {manifest.created_at}, written by Enishi {manifest.enishi}",
        "Next: enishi migrate, then enishi verify",
    ]
    show(arguments, _facts(path, manifest), lines)
    return 0


def _facts(path: Path, manifest: archive.Manifest) -> dict[str, object]:
    facts = asdict(manifest)
    parts = facts.pop("parts")
    return {"path": str(path), **facts, "files": len(parts) - 1, "bytes": sum(part["size"] for part in parts)}
