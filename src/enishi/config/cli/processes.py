"""web, live, worker, migrate: one process each, for as many machines as needed against one database."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from enishi.config import env
from enishi.config.cli.output import start_django
from enishi.config.supervisor import stop_with_supervisor

THREADS = 4
"""Of one web worker; each keeps one connection to the database."""
HASHED_EXPIRES_S = 31_536_000
STOP_TIMEOUT_S = 8


def web(parser: argparse.ArgumentParser) -> None:
    _add_address(parser, "ENISHI_PORT")
    parser.add_argument("--workers", type=int, help="processes (default: ENISHI_WEB_WORKERS)")
    parser.set_defaults(run=_web)


def _web(arguments: argparse.Namespace) -> int:
    from granian.constants import Interfaces

    settings = env.read()
    stop_with_supervisor()
    start_django()
    publish_static(settings.static_dir)
    _granian(
        "enishi.config.wsgi:application",
        interface=Interfaces.WSGI,
        address=arguments.host or settings.host,
        port=arguments.port or settings.port,
        workers=arguments.workers or settings.web_workers,
        blocking_threads=THREADS,
        static_path_route=["/static"],
        static_path_mount=[settings.static_dir],
        static_path_expires=HASHED_EXPIRES_S if _names_are_hashed() else 0,
        log_level=settings.log_level,
    )
    return 0


def live(parser: argparse.ArgumentParser) -> None:
    _add_address(parser, "ENISHI_LIVE_PORT")
    parser.set_defaults(run=_live)


def _live(arguments: argparse.Namespace) -> int:
    from granian.constants import Interfaces

    settings = env.read()
    stop_with_supervisor()
    _granian(
        "enishi.config.asgi:application",
        interface=Interfaces.ASGI,
        address=arguments.host or settings.host,
        port=arguments.port or settings.live_port,
        workers=1,
        log_level=settings.log_level,
    )
    return 0


def worker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queues", help="only these queues, separated by commas")
    parser.add_argument("--concurrency", type=int, default=1, help="jobs at the same time (default: 1)")
    parser.add_argument("--drain", action="store_true", help="stop once nothing is left to do")
    parser.set_defaults(run=_worker)


def _worker(arguments: argparse.Namespace) -> int:
    stop_with_supervisor()
    start_django()
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    assert isinstance(app.connector, DjangoConnector)
    with app.replace_connector(app.connector.get_worker_connector()):
        app.run_worker(
            queues=arguments.queues.split(",") if arguments.queues else None,
            concurrency=arguments.concurrency,
            wait=not arguments.drain,
            shutdown_graceful_timeout=STOP_TIMEOUT_S,
            delete_jobs="successful",
        )
    return 0


def migrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", action="store_true", help="show what would be done")
    parser.set_defaults(run=_migrate)


def _migrate(arguments: argparse.Namespace) -> int:
    start_django()
    from django.core.management import call_command

    call_command("migrate", interactive=False, plan=arguments.plan)
    return 0


def publish_static(folder: Path) -> None:
    """Collect the static files of all apps, unless they are the ones that were collected last."""
    from django.core.management import call_command

    stamp = folder / ".stamp"
    current = hashlib.sha256("\n".join(_static_sources()).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == current:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(current)


def _names_are_hashed() -> bool:
    from django.contrib.staticfiles.storage import HashedFilesMixin, staticfiles_storage

    return isinstance(staticfiles_storage, HashedFilesMixin)


def _static_sources() -> Iterator[str]:
    from django.contrib.staticfiles.finders import get_finders

    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            yield f"{name} {facts.st_size} {facts.st_mtime_ns}"


def _add_address(parser: argparse.ArgumentParser, variable: str) -> None:
    parser.add_argument("--host", help="address to listen on (default: ENISHI_HOST)")
    parser.add_argument("--port", type=int, help=f"port to listen on (default: {variable})")


def _granian(target: str, *, log_level: str, **options: Any) -> None:
    from granian import Granian
    from granian.log import LogLevels

    Granian(
        target,
        **options,
        log_level=LogLevels(log_level),
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=STOP_TIMEOUT_S,
    ).serve()
