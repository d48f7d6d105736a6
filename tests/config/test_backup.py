"""Backup and restore, with a real database: what comes back is what was there, and what is damaged is refused."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from enishi.config import backup, env, postgres

FILE = b"minutes of the meeting\n" * 1000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("pg")
    for folder in (path, path.parent, path.parent.parent):
        folder.chmod(0o711)
    yield postgres.ensure_running(path, durable=False)
    postgres.release(path)
    postgres.stop(path)


@pytest.fixture
def old(server: str, tmp_path: Path) -> env.Settings:
    return _installation(server, tmp_path, "old")


def _installation(server: str, folder: Path, name: str) -> env.Settings:
    """An installation with an empty database of its own."""
    with psycopg.connect(server, autocommit=True) as connection:
        identifier = sql.Identifier(name)
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(identifier))
        connection.execute(sql.SQL("create database {}").format(identifier))
    url = server.replace("/enishi?", f"/{name}?")
    return env.read({"ENISHI_DATA_DIR": str(folder / name), "DATABASE_URL": url})


def _fill(settings: env.Settings) -> None:
    with _connect(settings) as connection:
        connection.execute("create extension pg_trgm")
        connection.execute(
            "create table party (id int generated always as identity primary key, name text unique)"
        )
        connection.execute("insert into party (name) values ('佐藤 花子'), ('رضا'), (E'back\\\\slash\\ttab')")
        connection.execute("create index on party using gin (name gin_trgm_ops)")
    digest = hashlib.sha256(FILE).hexdigest()
    path = settings.files_dir / digest[:2] / digest[2:4] / digest
    path.parent.mkdir(parents=True)
    path.write_bytes(FILE)
    (settings.files_dir / ".incoming-x").write_bytes(b"half")


def _connect(settings: env.Settings) -> psycopg.Connection:
    assert settings.database_url is not None
    return psycopg.connect(settings.database_url)


def _content(
    settings: env.Settings,
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], dict[str, bytes]]:
    with _connect(settings) as connection:
        rows = connection.execute("select id, name from party order by id").fetchall()
        indexes = connection.execute(
            "select indexdef from pg_indexes where tablename = 'party' order by 1"
        ).fetchall()
    files = {
        str(path.relative_to(settings.files_dir)): path.read_bytes()
        for path in settings.files_dir.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    return rows, indexes, files


def _altered(archive: Path, name: str, change: bytes | None) -> Path:
    """A copy of the archive in which that member has other content, or is missing (None)."""
    target = archive.with_suffix(".altered.tar")
    with tarfile.open(archive) as source, tarfile.open(target, "w") as copy:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            data = content.read()
            if member.name == name:
                if change is None:
                    continue
                data = change
                member.size = len(change)
            copy.addfile(member, io.BytesIO(data))
    return target


def test_what_is_restored_is_what_was_backed_up(server: str, old: env.Settings, tmp_path: Path) -> None:
    _fill(old)
    before = _content(old)
    archive = tmp_path / "backup.tar"
    manifest = backup.create(old, archive)
    assert [part.name.split("/")[0] for part in manifest.parts] == ["database.dump", "files"]
    assert archive.stat().st_mode & 0o077 == 0
    fresh = _installation(server, tmp_path, "fresh")
    assert backup.restore(fresh, archive) == manifest
    assert _content(fresh) == before
    with _connect(fresh) as connection:
        row = connection.execute("insert into party (name) values ('next') returning id").fetchone()
        assert row == (4,)
        connection.rollback()
    assert sorted(path.name for path in fresh.data_dir.iterdir()) == ["files", "secret_key"]


def test_a_filled_database_is_replaced_only_when_forced(old: env.Settings, tmp_path: Path) -> None:
    _fill(old)
    before = _content(old)
    backup.create(old, tmp_path / "backup.tar")
    with _connect(old) as connection:
        connection.execute("delete from party")
        connection.execute("create table later (n int)")
    with pytest.raises(backup.BackupError, match="--force"):
        backup.restore(old, tmp_path / "backup.tar")
    backup.restore(old, tmp_path / "backup.tar", force=True)
    assert _content(old) == before
    with _connect(old) as connection:
        assert connection.execute("select to_regclass('later')").fetchone() == (None,)


def test_a_database_in_use_is_not_replaced(old: env.Settings, tmp_path: Path) -> None:
    _fill(old)
    backup.create(old, tmp_path / "backup.tar")
    with _connect(old), pytest.raises(backup.BackupError, match="in use by 1 connections"):
        backup.restore(old, tmp_path / "backup.tar", force=True)


@pytest.mark.parametrize(
    ("change", "reason"), [(b"other bytes", "does not match its checksum"), (None, "1 parts are missing")]
)
@pytest.mark.parametrize("kind", ["database.dump", "files/"])
def test_a_damaged_archive_changes_nothing(
    old: env.Settings, tmp_path: Path, kind: str, change: bytes | None, reason: str
) -> None:
    _fill(old)
    manifest = backup.create(old, tmp_path / "backup.tar")
    name = next(part.name for part in manifest.parts if part.name.startswith(kind))
    before = _content(old)
    with pytest.raises(backup.BackupError, match=reason):
        backup.restore(old, _altered(tmp_path / "backup.tar", name, change), force=True)
    assert _content(old) == before


def test_a_manifest_that_leads_outside_is_refused(old: env.Settings, tmp_path: Path) -> None:
    _fill(old)
    manifest = backup.create(old, tmp_path / "backup.tar")
    parts = [{"name": "files/../../escaped", "size": 1, "sha256": "0" * 64}]
    text = json.dumps({"format": 1, "enishi": manifest.enishi, "created_at": "now", "parts": parts}).encode()
    with pytest.raises(backup.BackupError, match="outside of what a backup holds"):
        backup.restore(old, _altered(tmp_path / "backup.tar", "manifest.json", text), force=True)


@pytest.mark.parametrize("content", [b"", b"not a tar at all", b"\0" * 10240])
def test_what_is_no_backup_is_refused(old: env.Settings, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.tar"
    path.write_bytes(content)
    with pytest.raises(backup.BackupError, match="backup"):
        backup.restore(old, path)


def test_a_backup_never_overwrites_a_file(old: env.Settings, tmp_path: Path) -> None:
    path = tmp_path / "there.tar"
    path.write_text("mine")
    with pytest.raises(backup.BackupError, match="exists"):
        backup.create(old, path)
    assert path.read_text() == "mine"


def test_the_password_is_no_argument() -> None:
    database = backup._Database("postgresql://me:hunter2@db.example/enishi")
    assert "hunter2" not in database._conninfo
