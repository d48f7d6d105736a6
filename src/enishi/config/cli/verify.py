"""verify: recompute the seals of the history, or those of one report."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from enishi.config.cli.output import Refused, add_json, show, start_django


def verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "report",
        nargs="?",
        default="",
        help="a downloaded package (.zip), or the number of a report, to check that instead",
    )
    parser.add_argument(
        "--head", default="", help="the head that an earlier check printed: finds a rewritten history too"
    )
    add_json(parser)
    parser.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    if arguments.report.isdecimal():
        return _verify_report(arguments, int(arguments.report))
    if arguments.report:
        return _verify_package(arguments, Path(arguments.report))
    start_django()
    from enishi.timeline import proof

    found = proof.verify(arguments.head)
    lines = [
        f"Entries proved: {found.entries} in {found.seals} seals; not sealed yet: {found.unsealed}",
        f"Redacted by erasures: {found.redacted}",
        *(f"Erasure: entry {number}" for number in found.erasures),
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


def _verify_package(arguments: argparse.Namespace, path: Path) -> int:
    """Needs neither settings nor database: whoever was sent the package can check it."""
    from enishi.reports.package import NotAPackage, check_package

    try:
        found = check_package(path)
    except NotAPackage as error:
        raise Refused(f"{path} is no package of a report: {error}") from None
    lines = [f"Report {found.report_id}: {found.title}", f"SHA-256: {found.sha256}"]
    if found.holds:
        lines.insert(0, f"The package is whole: {found.rows} rows, every file as it was sealed.")
    else:
        lines.insert(0, f"The package was altered: {'; '.join(found.broken)}")
    show(arguments, {"whole": found.holds, **asdict(found)}, lines)
    return 0 if found.holds else 1


def _verify_report(arguments: argparse.Namespace, report_id: int) -> int:
    start_django()
    from enishi.accounts.access import Via, system_actor
    from enishi.reports import queries
    from enishi.reports.models import Report

    try:
        report = queries.report(system_actor("verify", via=Via.CLI), report_id)
    except Report.DoesNotExist:
        raise Refused(f"There is no report {report_id}.") from None
    if not report.is_frozen:
        raise Refused(f"Report {report_id} is not frozen, so there is nothing to prove.")
    found = queries.check(report)
    lines = [f"Report {report_id}: {report.title}", f"SHA-256: {report.sha256}"]
    if found.holds:
        lines.insert(
            0, f"The report is whole: {found.rows} rows, the paper and the definition as they were frozen."
        )
    else:
        lines.insert(0, f"The report was altered: {found.broken}")
    show(
        arguments,
        {"whole": found.holds, "report_id": report_id, "sha256": report.sha256, **asdict(found)},
        lines,
    )
    return 0 if found.holds else 1
