"""export contacts: a file of contacts, as CSV or XLSX."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import IO, Any

from enishi.config.cli.output import Refused, add_json, show, start_django


def export(parser: argparse.ArgumentParser) -> None:
    things = parser.add_subparsers(title="what", dest="what", metavar="WHAT", required=True)
    contacts = things.add_parser("contacts", help="people and organisations", description="Export contacts.")
    contacts.add_argument(
        "--format", choices=("csv", "xlsx"), default="", help="by default what the file's name says, else csv"
    )
    contacts.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="where to write; nothing is overwritten"
    )
    contacts.add_argument("--project", default="", help="only those of this project (its short name)")
    contacts.add_argument("--force", action="store_true", help="overwrite the file")
    add_json(contacts)
    contacts.set_defaults(run=_contacts)


def _contacts(arguments: argparse.Namespace) -> int:
    start_django()
    from enishi.accounts.access import Via, system_actor
    from enishi.accounts.models import Project
    from enishi.contacts.queries.lists import ListSpec
    from enishi.contacts.services import exporting
    from enishi.contacts.services.bulk import Selection

    out: Path = arguments.out
    if out.exists() and not arguments.force:
        raise Refused(f"{out} exists already: name another file, or add --force")
    project = None
    if arguments.project:
        project = Project.objects.filter(code=arguments.project).first()
        if project is None:
            raise Refused(f"there is no project called {arguments.project}: use its short name")
    form = arguments.format or ("xlsx" if out.suffix.lower() == ".xlsx" else "csv")
    selection = Selection(spec=ListSpec(project_id=project.pk if project else None))
    started = exporting.start_export(system_actor("export", via=Via.CLI), selection, format=form)
    _write(out, lambda file: (exporting.write_xlsx if form == "xlsx" else exporting.write_csv)(started, file))
    data = {"file": str(out), "format": form, "contacts": started.count, "columns": list(started.headers)}
    show(arguments, data, [f"{started.count} contacts are in {out}."])
    return 0


def _write(out: Path, write: Any) -> None:
    """Write beside the target first: what was there stays whole until the new file is."""
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as opened:
            file: IO[bytes] = opened
            write(file)
        part.replace(out)
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
