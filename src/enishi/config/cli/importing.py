"""import: contact lists and mail archives from files and folders."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from enishi.config.cli.output import Refused, add_json, show, start_django

if TYPE_CHECKING:
    from enishi.accounts.access import Actor
    from enishi.contacts.importing.protocol import ImportReport

WRONG_USAGE = 2
GENERAL = "general"
"""Where files go that nobody named a project for: only those who see every project see them there."""


def import_(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="a CSV, TSV, XLSX, vCard, mbox, EML or zip file, or a folder of them",
    )
    parser.add_argument(
        "--preset", default="", help="the program that wrote the list, such as salesforce or eight"
    )
    parser.add_argument(
        "--project", default="", help="short name or name of the project to import into (General)"
    )
    parser.add_argument(
        "--country", default="", metavar="CC", help="country of phone numbers and postcodes without one"
    )
    parser.add_argument(
        "--date-order", default="", choices=("ymd", "dmy", "mdy"), help="how to read dates such as 03/04/2026"
    )
    parser.add_argument("--keep-ours", action="store_true", help="fill what is empty, replace nothing")
    parser.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="a tag for everybody imported"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    add_json(parser)
    parser.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    missing = [str(path) for path in arguments.paths if not path.exists()]
    if missing:
        raise Refused(f"no such file or folder: {', '.join(missing)}")
    start_django()
    from enishi.accounts.access import Via, system_actor
    from enishi.contacts.importing.protocol import ImportOptions, sources
    from enishi.contacts.services.importing import import_files

    actor = system_actor("import", via=Via.CLI)
    project_id = _project(actor, arguments.project)
    if project_id is None:
        return WRONG_USAGE
    options = ImportOptions(
        preset=arguments.preset,
        country=arguments.country.upper(),
        date_order=arguments.date_order,
        file_wins=not arguments.keep_ours,
        tags=arguments.tag,
        dry_run=arguments.dry_run,
    )
    found = list(sources(arguments.paths))
    if not found:
        raise Refused("there is no file to import")
    report = import_files(
        actor, found, project_id=project_id, options=options, progress=None if arguments.json else _progress()
    )
    show(arguments, report.to_json(), _lines(report))
    return 0 if report.read else 1


def _project(actor: Actor, wanted: str) -> int | None:
    """The project that is meant: the one named, the only one there is, or General. None after saying which there are."""
    from django.db.models import Q

    from enishi.accounts.queries import organisation, projects
    from enishi.accounts.services import create_project

    there = projects(actor)
    if wanted:
        found = there.filter(Q(code__iexact=wanted) | Q(name__iexact=wanted)).first()
        if found is None:
            print(f"enishi: there is no project “{wanted}”. {_choice(there)}", file=sys.stderr)
        return found.pk if found else None
    listed = list(there)
    if len(listed) == 1:
        return listed[0].pk
    general = next((project for project in listed if project.code == GENERAL), None)
    if general is None:
        country = organisation().country
        general = create_project(actor, name="General", code=GENERAL, country=country)
    if listed:
        print(
            f"Into “{general.name}”; another project is named by --project. {_choice(listed)}",
            file=sys.stderr,
        )
    return general.pk


def _choice(there: object) -> str:
    return "There are: " + ", ".join(f"{p.code} ({p.name})" for p in there)  # type: ignore[attr-defined]


def _progress() -> Callable[[int, int], None] | None:
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int) -> None:
        print(f"\r{done:,} of {total:,}", end="" if done < total else "\n", file=sys.stderr, flush=True)

    return tell


def _lines(report: ImportReport) -> list[str]:
    lines = []
    lines.append(
        f"read {report.read:,}: created {report.created:,}, updated {report.updated:,}, unchanged {report.unchanged:,}, "
        f"possible duplicates {report.duplicate:,}, refused {len(report.refused):,}, quarantined {len(report.quarantined):,}"
    )
    for row in report.refused:
        column = f", column {row.column}" if row.column else ""
        lines.append(f"refused: {row.file}, row {row.row}{column}: {row.reason}")
    lines += [
        f"quarantined: {item.file}{f', {item.item}' if item.item else ''}: {item.reason}"
        for item in report.quarantined
    ]
    return lines
