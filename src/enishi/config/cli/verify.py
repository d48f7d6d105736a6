"""verify: recompute the seals of the history."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from enishi.config.cli.output import add_json, show, start_django


def verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--head", default="", help="the head that an earlier check printed: finds a rewritten history too"
    )
    add_json(parser)
    parser.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    start_django()
    from enishi.timeline import proof

    found = proof.verify(arguments.head)
    lines = [
        f"Entries proved: {found.entries} in {found.seals} seals; not sealed yet: {found.unsealed}",
        f"Head: {found.head}",
    ]
    if found.reason:
        place = [f"seal {found.broken_seal}"] if found.broken_seal is not None else []
        place += [f"entry {found.broken_entry}"] if found.broken_entry is not None else []
        lines.insert(0, f"The history is broken: {found.reason} ({', '.join(place) or 'head'})")
    else:
        lines.insert(0, "The history is whole.")
    show(arguments, {"whole": not found.reason, **asdict(found)}, lines)
    return 1 if found.reason else 0
