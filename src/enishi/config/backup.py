"""Backup and restore: one tar with a manifest, a dump of the database and every kept file.

    manifest.json   format, version, time, and size and SHA-256 of each of the following
    database.dump   pg_dump's custom format
    files/...       the content-addressed files

The secret key is not in it: it is kept apart, as one keeps a key apart from what it locks.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import IO, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from enishi.config import env, postgres

FORMAT = 1
DUMP = "database.dump"
MANIFEST = "manifest.json"
CHUNK = 1 << 20


class BackupError(RuntimeError):
    """The backup cannot be made or brought back; the text names the place and the remedy."""


@dataclass(frozen=True)
class Part:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    format: int
    enishi: str
    created_at: str
    parts: tuple[Part, ...]


def create(settings: env.Settings, target: Path) -> Manifest:
    """Write the archive; it appears under its name only when it is whole.

    The database is dumped before the files are read: a file that comes in between is one too many, never one too few.
    """
    if target.exists():
        raise BackupError(f"{target} exists: give another name, or remove it first")
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent} is no folder: make it first")
    database = _database(settings)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        dump = Path(scratch) / DUMP
        database.run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")
        sources = {DUMP: dump, **_files(settings.files_dir)}
        manifest = Manifest(
            FORMAT,
            version("enishi"),
            dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            tuple(Part(name, path.stat().st_size, _sha256(path)) for name, path in sources.items()),
        )
        draft = Path(scratch) / "archive"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w") as archive:
                text = json.dumps(asdict(manifest), indent=1).encode()
                head = tarfile.TarInfo(MANIFEST)
                head.size = len(text)
                archive.addfile(head, io.BytesIO(text))
                for name, path in sources.items():
                    archive.add(path, arcname=name, recursive=False)
            raw.flush()
            os.fsync(raw.fileno())
        draft.rename(target)
    return manifest


def restore(settings: env.Settings, source: Path, *, force: bool = False) -> Manifest:
    """Bring an archive back: all of it is checked first, then the files are placed, then the database in one transaction."""
    settings.files_dir.mkdir(parents=True, exist_ok=True)
    database = _database(settings)
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as scratch:
        manifest = _unpack(source, Path(scratch))
        database.demand_alone()
        if database.has_tables() and not force:
            raise BackupError(
                "the database holds data: give --force to replace all of it, or restore into an empty one"
            )
        script = Path(scratch) / "restore.sql"
        database.run(
            "pg_restore",
            "--no-owner",
            "--no-privileges",
            f"--file={script}",
            str(Path(scratch) / DUMP),
            connect=False,
        )
        for part in manifest.parts:
            if part.name != DUMP:
                _place(
                    Path(scratch) / part.name,
                    settings.files_dir / PurePosixPath(part.name).relative_to("files"),
                )
        database.run(
            *(
                "psql",
                "--no-psqlrc",
                "--quiet",
                "--single-transaction",
                "--set=ON_ERROR_STOP=1",
                "--output=/dev/null",
            ),
            *("--command=drop schema if exists public cascade; create schema public", f"--file={script}"),
        )
    return manifest


class _Database:
    """PostgreSQL's own programs on the configured database."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts: dict[str, Any] = dict(conninfo_to_dict(url))
        self._tls = parts.get("sslmode") in ("require", "verify-ca", "verify-full")
        # as an argument, everybody on the machine could read it
        self._password = parts.pop("password", None)
        self._conninfo = make_conninfo(**parts)

    def run(self, program: str, *arguments: str, connect: bool = True) -> None:
        environment = {**os.environ, **({"PGPASSWORD": self._password} if self._password else {})}
        command = [self._program(program), *([f"--dbname={self._conninfo}"] if connect else []), *arguments]
        done = subprocess.run(  # noqa: S603 - PostgreSQL's programs, no shell
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip()[-2000:]
            raise BackupError(f"{program} failed, and the database is as it was: {reason}")

    def demand_alone(self) -> None:
        with psycopg.connect(self._url) as connection:
            row = connection.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and backend_type = 'client backend' and pid <> pg_backend_pid()"
            ).fetchone()
        if row and row[0]:
            raise BackupError(f"the database is in use by {row[0]} connections: stop Enishi first")

    def has_tables(self) -> bool:
        with psycopg.connect(self._url) as connection:
            return (
                connection.execute("select 1 from pg_tables where schemaname = 'public' limit 1").fetchone()
                is not None
            )

    def _program(self, name: str) -> str:
        # the embedded programs are as new as any server that Enishi runs on, but are built without TLS
        return (shutil.which(name) if self._tls else None) or str(postgres.program(name))


def _database(settings: env.Settings) -> _Database:
    return _Database(settings.database_url or postgres.ensure_running(settings.data_dir))


def _files(folder: Path) -> dict[str, Path]:
    """The kept files by their name in the archive; what is still being received has a leading dot."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {f"files/{path.relative_to(folder).as_posix()}": path for path in paths}


def _unpack(source: Path, scratch: Path) -> Manifest:
    """Write out what the manifest names, and prove that each part is there and unaltered."""
    try:
        with tarfile.open(source, "r:") as archive:
            members = iter(archive)
            manifest = _manifest(archive, next(members, None))
            expected = {part.name: part for part in manifest.parts}
            for member in members:
                part = expected.pop(member.name, None)
                content = archive.extractfile(member) if part is not None and member.isfile() else None
                if part is None or content is None:
                    raise BackupError(
                        f"{source}: {member.name!r} is not in the manifest; the archive was altered"
                    )
                _write_checked(content, part, scratch, source)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise BackupError(f"{source} cannot be read as a backup ({error}): take another copy of it") from None
    if expected:
        raise BackupError(
            f"{source}: {len(expected)} parts are missing, first {min(expected)!r}; take another copy of it"
        )
    return manifest


def _manifest(archive: tarfile.TarFile, member: tarfile.TarInfo | None) -> Manifest:
    content = archive.extractfile(member) if member is not None and member.name == MANIFEST else None
    if content is None:
        raise BackupError("this is no backup of Enishi: it does not begin with a manifest")
    try:
        data = json.load(content)
        if data["format"] != FORMAT:
            raise BackupError(
                f"the archive has format {data['format']}; this version reads {FORMAT}: update Enishi"
            )
        parts = tuple(
            Part(str(part["name"]), int(part["size"]), str(part["sha256"])) for part in data["parts"]
        )
        manifest = Manifest(FORMAT, str(data["enishi"]), str(data["created_at"]), parts)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(
            f"the archive's manifest cannot be read ({error!r}): take another copy of it"
        ) from None
    for part in parts:
        path = PurePosixPath(part.name)
        if part.name != DUMP and (path.parts[0] != "files" or ".." in path.parts):
            raise BackupError(
                f"the manifest names {part.name!r}, outside of what a backup holds: do not use this archive"
            )
    return manifest


def _write_checked(content: IO[bytes], part: Part, scratch: Path, source: Path) -> None:
    target = scratch / part.name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("wb") as file:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != part.sha256:
        raise BackupError(
            f"{source}: {part.name!r} does not match its checksum; take another copy of the archive"
        )


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
