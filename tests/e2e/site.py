"""The whole of Enishi as somebody runs it: web, live and worker under `enishi serve`, on a database with the demo."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

START_S = 400


@contextmanager
def running_site() -> Iterator[str]:
    """Start it on free ports beside a database of its own; gives its address."""
    server = os.environ["DATABASE_URL"]
    parts = ("enishi_e2e", os.environ.get("PYTEST_DB_SUFFIX"), os.environ.get("PYTEST_XDIST_WORKER"))
    name = "_".join(filter(None, parts))
    _recreate(server, name)
    port, live_port = _free_ports()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="enishi-e2e-") as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{name}")),
            "ENISHI_DATA_DIR": folder,
            "ENISHI_BASE_URL": address,
            "ENISHI_PORT": str(port),
            "ENISHI_LIVE_PORT": str(live_port),
            "ENISHI_WEB_WORKERS": "1",
            "ENISHI_DEMO": "1",
        }
        log = Path(folder) / "serve.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "enishi.config.cli", "serve"], env=environment, stdout=out, stderr=out
            )
            try:
                _wait(address, process, log)
                yield address
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
    _drop(server, name)


def _recreate(server: str, name: str) -> None:
    _drop(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _free_ports() -> list[int]:
    sockets = [socket.socket() for _ in range(2)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
    raise RuntimeError(f"the site did not start:\n{log.read_text()[-4000:]}")
