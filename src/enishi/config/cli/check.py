"""check: Django's own checks and ours."""

from __future__ import annotations

import argparse

from enishi.config import env
from enishi.config.cli.output import add_json, show, start_django


def check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--deploy", action="store_true", help="complain about what is unsafe for real use")
    add_json(parser)
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    start_django()
    from django.core import checks

    found = checks.run_checks(include_deployment_checks=arguments.deploy)
    if arguments.deploy:
        from enishi.config import deploy

        found += list(deploy.problems(env.read()))
    found = [message for message in found if not message.is_silenced()]
    show(
        arguments,
        [
            {"id": message.id, "level": _level(message.level), "text": message.msg, "remedy": message.hint}
            for message in found
        ],
        [f"{_level(m.level)} {m.id}: {m.msg}{f' - {m.hint}' if m.hint else ''}" for m in found]
        or ["Nothing to complain."],
    )
    threshold = checks.WARNING if arguments.deploy else checks.ERROR
    return 1 if any(message.level >= threshold for message in found) else 0


def _level(level: int) -> str:
    from django.core import checks

    return "error" if level >= checks.ERROR else "warning" if level >= checks.WARNING else "note"
