"""serve: the whole of Enishi on one machine, by one command."""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from enishi.config import env, postgres
from enishi.config.cli.output import Refused
from enishi.config.supervisor import Child, Supervisor

READY_TIMEOUT_S = 60


def serve(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    settings = env.read()
    logging.basicConfig(level=settings.log_level.upper(), format="%(message)s")
    url = settings.database_url or postgres.ensure_running(settings.data_dir)
    try:
        environment = {**os.environ, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}
        environment.pop("DATABASE_URL_FILE", None)
        accounts = _prepare(environment)
        supervisor = Supervisor([_child(name) for name in ("web", "live", "worker")], environment)
        asyncio.run(supervisor.run(started=lambda: _announce(settings, accounts)))
    finally:
        if settings.database_url is None:
            postgres.release(settings.data_dir)
    print("Stopped.")
    return 0


def _child(name: str) -> Child:
    return Child(name, [sys.executable, "-m", "enishi.config.cli", name])


def _prepare(environment: dict[str, str]) -> list[tuple[str, str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "enishi.config.prepare"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused("the database could not be prepared; the reason stands above")
    return [(email, password, role) for email, password, role in json.loads(done.stdout)]


def _announce(settings: env.Settings, accounts: Sequence[tuple[str, str, str]]) -> None:
    """Say where to go once the pages answer."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not _answers(settings):
        if time.monotonic() > deadline:
            print(f"No answer on port {settings.port} yet; the reason should stand above.", flush=True)
            return
        time.sleep(0.1)
    lines = ["", f"Enishi is ready: {settings.base_url}", ""]
    if accounts:
        width = max(len(email) for email, _, _ in accounts)
        lines += ["Sign in to the demo as"]
        lines += [f"  {email:<{width}}  {password}  {role}" for email, password, role in accounts]
    else:
        lines += [
            "Somebody needs an account?  enishi user create --email NAME@HOST --name NAME --administrator"
        ]
    print("\n".join([*lines, "", "Ctrl-C stops everything."]), flush=True)


def _answers(settings: env.Settings) -> bool:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, settings.port, timeout=10)
    try:
        connection.request("GET", "/healthz", headers={"Host": settings.allowed_hosts[0]})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
