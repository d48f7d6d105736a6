"""user create, user list."""

from __future__ import annotations

import argparse
import getpass
import sys

from enishi.config.cli.output import Refused, add_json, show, start_django


def user(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="create an account", description="Create an account.")
    create.add_argument("--email", required=True, help="the name to sign in with")
    create.add_argument("--name", required=True, help="the name that others see")
    create.add_argument("--administrator", action="store_true", help="with every right in every project")
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add_json(create)
    create.set_defaults(run=_create)
    listing = actions.add_parser("list", help="list accounts", description="List accounts.")
    add_json(listing)
    listing.set_defaults(run=_list)


def _create(arguments: argparse.Namespace) -> int:
    password = _password(arguments)
    start_django()
    from enishi.accounts import services
    from enishi.accounts.access import Via, system_actor

    try:
        created = services.create_user(
            system_actor("cli", via=Via.CLI),
            email=arguments.email,
            name=arguments.name,
            password=password,
            administrator=arguments.administrator,
        )
    except services.AccountError as error:
        raise Refused(str(error)) from None
    show(
        arguments,
        {
            "id": created.pk,
            "email": created.email,
            "name": created.name,
            "administrator": arguments.administrator,
        },
        [f"{created.name} may now sign in as {created.email}."],
    )
    return 0


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise Refused("the two passwords differ")
    else:
        raise Refused("there is no terminal to ask for a password: give it by --password-stdin")
    if not password:
        raise Refused("the password is empty")
    return password


def _list(arguments: argparse.Namespace) -> int:
    start_django()
    from enishi.accounts.models import User

    users = list(User.objects.order_by("email"))
    width = max((len(user.email) for user in users), default=0)
    show(
        arguments,
        [{"id": user.pk, "email": user.email, "name": user.name, "active": user.is_active} for user in users],
        [f"{user.email:<{width}}  {user.name}{'' if user.is_active else '  (inactive)'}" for user in users],
    )
    return 0
