"""What the commands share: refusing in words, printing for people or for programs, starting Django."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from typing import Any


class Refused(Exception):
    """The command cannot do what was asked; the text is for the person at the terminal."""


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document for a program to read")


def show(arguments: argparse.Namespace, data: Any, lines: Iterable[str]) -> None:
    """Print the data with `--json`, else the lines."""
    if arguments.json:
        print(json.dumps(data, ensure_ascii=False, indent=2, default=str))
    else:
        for line in lines:
            print(line)


def start_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.config.settings")
    django.setup()
