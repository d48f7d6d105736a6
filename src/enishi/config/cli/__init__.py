"""The `enishi` command. Exit codes: 0 done, 1 refused or failed, 2 wrong usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from enishi.config.cli.output import Refused
from enishi.config.env import SettingsError
from enishi.config.postgres import PostgresError

COMMANDS = {
    "serve": ("enishi.config.cli.serve:serve", "run everything on this machine: database, web, live, worker"),
    "web": ("enishi.config.cli.processes:web", "serve pages and the API"),
    "live": ("enishi.config.cli.processes:live", "serve the streams that keep open pages up to date"),
    "worker": ("enishi.config.cli.processes:worker", "do background jobs"),
    "migrate": ("enishi.config.cli.processes:migrate", "bring the database to this version"),
    "demo": ("enishi.config.cli.demo:demo", "write the demo's story, or start it anew"),
    "user": ("enishi.config.cli.user:user", "create and list accounts"),
    "import": ("enishi.config.cli.importing:import_", "bring in contact lists and mail archives"),
    "export": ("enishi.config.cli.exporting:export", "write contacts to a file"),
    "backup": ("enishi.config.cli.backup:backup", "write database and files to one archive"),
    "restore": ("enishi.config.cli.backup:restore", "bring an archive back"),
    "verify": ("enishi.config.cli.verify:verify", "prove that the history was not altered"),
    "check": ("enishi.config.cli.check:check", "find what is misconfigured or, with --deploy, unsafe"),
}
"""Each function takes its parser, adds its arguments and sets `run`: what gets the arguments and returns the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(words).parse_args(words)
    try:
        code: int = arguments.run(arguments)
    except (Refused, SettingsError, PostgresError) as error:
        print(f"enishi: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Only the named command's module is imported: the others may need Django, which takes a moment."""
    parser = argparse.ArgumentParser(
        prog="enishi",
        description="Enishi: one record of everyone an organisation answers to.",
        epilog="Settings come from the environment (DATABASE_URL, ENISHI_...); see docs/guide/settings.md.",
    )
    parser.add_argument("--version", action="version", version=f"enishi {version('enishi')}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    wanted = next((word for word in words if not word.startswith("-")), None)
    for name, (target, summary) in COMMANDS.items():
        subparser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == wanted:
            module, _, function = target.partition(":")
            getattr(import_module(module), function)(subparser)
    return parser
