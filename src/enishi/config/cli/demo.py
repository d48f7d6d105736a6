"""demo create, demo reset."""

from __future__ import annotations

import argparse

from enishi.config.cli.output import Refused, add_json, show, start_django


def demo(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    create = actions.add_parser(
        "create",
        help="write the demo's story into an empty database",
        description="Write the demo's story into an empty database and print who can sign in.",
    )
    add_json(create)
    create.set_defaults(run=_create)
    reset = actions.add_parser(
        "reset",
        help="throw everything away and write the demo's story anew",
        description="Throw away everything in the database, whatever it is, and write the demo's story anew.",
    )
    reset.add_argument("--yes", action="store_true", help="really delete everything")
    add_json(reset)
    reset.set_defaults(run=_reset)


def _create(arguments: argparse.Namespace) -> int:
    start_django()
    from enishi.accounts.models import User

    if User.objects.exists():
        raise Refused("this database is in use; the demo needs an empty one (or: enishi demo reset --yes)")
    return _write(arguments)


def _reset(arguments: argparse.Namespace) -> int:
    if not arguments.yes:
        raise Refused("this deletes every record in the database; say --yes if that is wanted")
    start_django()
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    call_command("migrate", interactive=False, verbosity=0)
    return _write(arguments)


def _write(arguments: argparse.Namespace) -> int:
    from enishi.config import demo as story

    story.create()
    people = story.accounts()
    width = max(len(email) for email, _, _ in people)
    show(
        arguments,
        [{"email": email, "password": password, "role": role} for email, password, role in people],
        [
            "Sign in to the demo as",
            *(f"  {email:<{width}}  {password}  {role}" for email, password, role in people),
        ],
    )
    return 0
