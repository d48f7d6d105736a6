"""web, live, worker, migrate: one process each, for as many machines as needed against one database."""

from __future__ import annotations

import argparse
import os
from typing import Any

from enishi.config import env
from enishi.config.cli.output import start_django
from enishi.config.supervisor import stop_with_supervisor

THREADS = 4
"""Of one web worker; each keeps one connection to the database."""
HASHED_EXPIRES_S = 31_536_000
"""Names of static files carry a hash of the content, except while debugging."""
STOP_TIMEOUT_S = 8
YIELDS = 5
"""How far jobs give way to pages on a busy processor: the niceness of a worker."""


def web(parser: argparse.ArgumentParser) -> None:
    _add_address(parser, "ENISHI_PORT")
    parser.add_argument("--workers", type=int, help="processes (default: ENISHI_WEB_WORKERS)")
    parser.set_defaults(run=_web)


def _web(arguments: argparse.Namespace) -> int:
    from granian.constants import Interfaces

    settings = env.read()
    if not stop_with_supervisor():
        start_django()
        from enishi.config import static

        static.publish(settings.static_dir)
    _granian(
        "enishi.config.wsgi:application",
        interface=Interfaces.WSGI,
        address=arguments.host or settings.host,
        port=arguments.port or settings.port,
        workers=arguments.workers or settings.web_workers,
        blocking_threads=THREADS,
        static_path_route=["/static"],
        static_path_mount=[settings.static_dir],
        static_path_expires=0 if settings.debug else HASHED_EXPIRES_S,
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
        # open streams end by themselves never, and browsers come back: no patience, and no word about it
        log_level="error" if settings.log_level != "debug" else "debug",
        kill_after_s=1,
    )
    return 0


def worker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queues", help="only these queues, separated by commas")
    parser.add_argument("--concurrency", type=int, default=1, help="jobs at the same time (default: 1)")
    parser.add_argument("--drain", action="store_true", help="stop once nothing is left to do")
    parser.set_defaults(run=_worker)


def _worker(arguments: argparse.Namespace) -> int:
    stop_with_supervisor()
    os.nice(YIELDS)
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


def _add_address(parser: argparse.ArgumentParser, variable: str) -> None:
    parser.add_argument("--host", help="address to listen on (default: ENISHI_HOST)")
    parser.add_argument("--port", type=int, help=f"port to listen on (default: {variable})")


def _granian(target: str, *, log_level: str, kill_after_s: int = STOP_TIMEOUT_S, **options: Any) -> None:
    from granian import Granian
    from granian.log import LogLevels

    Granian(
        target,
        **options,
        # its info lines tell of its own comings and goings
        log_level=LogLevels.warning if log_level == "info" else LogLevels(log_level),
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=kill_after_s,
    ).serve()
