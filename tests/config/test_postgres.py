"""The embedded PostgreSQL, with real servers: start, share, crash, stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from enishi.config import postgres

USE = """
import sys
from pathlib import Path
from enishi.config import postgres
print(postgres.ensure_running(Path(sys.argv[1]), durable=False), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("pg")
    # pytest makes private folders; the server's account has to pass through
    for folder in (path, path.parent, path.parent.parent):
        folder.chmod(0o711)
    yield path
    postgres.release(path)
    postgres.stop(path)


@pytest.fixture
def url(data_dir: Path) -> str:
    return postgres.ensure_running(data_dir, durable=False)


def _server(data_dir: Path) -> psutil.Process:
    pid = (data_dir / "postgres" / "postmaster.pid").read_text().split()[0]
    return psutil.Process(int(pid))


def test_the_database_has_what_enishi_needs(url: str) -> None:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select datlocprovider, datlocale, pg_encoding_to_char(encoding), current_user"
            " from pg_database where datname = current_database()"
        ).fetchone()
        assert row == ("b", "PG_UNICODE_FAST", "UTF8", "enishi")
        for extension in ("pg_trgm", "unaccent", "btree_gist", "vector"):
            connection.execute(f"create extension {extension}")
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        connection.rollback()


def test_others_of_the_machine_are_not_let_in(url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(url.replace("enishi@", "postgres@"))


def test_a_second_call_finds_it_running(data_dir: Path, url: str) -> None:
    before = _server(data_dir).pid
    assert postgres.ensure_running(data_dir, durable=False) == url
    assert _server(data_dir).pid == before


def test_after_kill_9_it_starts_again_with_what_was_committed(data_dir: Path, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (42)")
    server = _server(data_dir)
    server.send_signal(signal.SIGKILL)
    began = time.monotonic()
    assert postgres.ensure_running(data_dir, durable=False) == url
    assert time.monotonic() - began < 20
    assert _server(data_dir).pid != server.pid
    with psycopg.connect(url) as connection:
        assert connection.execute("select n from kept").fetchall() == [(42,)]


def test_a_number_that_now_is_another_program_does_not_stop_the_start(data_dir: Path, url: str) -> None:
    postgres.stop(data_dir)
    (data_dir / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n")
    assert postgres.ensure_running(data_dir, durable=False) == url
    with psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_many_may_start_it_at_once_and_the_last_one_stops_it(data_dir: Path, url: str) -> None:
    postgres.release(data_dir)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USE, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(lambda user: user.stdout.readline().strip(), users))  # type: ignore[union-attr]
    assert said == [url] * 3
    users[0].kill()
    users[0].communicate()
    users[1].communicate()
    with psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    users[2].communicate()
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


def test_a_deep_folder_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    cluster = postgres._Cluster(deep)
    assert len(os.fsencode(cluster._sockets / ".s.PGSQL.5432")) <= postgres.SOCKET_PATH_LIMIT


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_a_private_folder_of_root_keeps_its_cluster_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STATE_DIR", tmp_path / "state")
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    postgres._Cluster(private)
    assert (private / "postgres").readlink().parent == tmp_path / "state"
    assert postgres._Cluster(private)._home == (private / "postgres").readlink()
