"""Whether a report is as it was when it was frozen; if not, what was altered."""

from __future__ import annotations

from dataclasses import dataclass

from enishi.reports import sealing
from enishi.reports.models import Part, Report
from enishi.reports.signals import report_made
from enishi.timeline.models import Entry, Seal
from enishi.timeline.services import subject_type


@dataclass(frozen=True)
class Finding:
    """``broken`` names the first thing that is not as it was: ``register 17`` is the 17th row of that table."""

    rows: int
    broken: str = ""

    @property
    def holds(self) -> bool:
        return not self.broken


def check(report: Report) -> Finding:
    """Recompute every hash of a frozen report, and compare with what the history says of it."""
    manifest = report.manifest
    if sealing.whole(manifest) != report.sha256:
        return Finding(0, "manifest")
    stated = {
        "definition": report.definition, "version": report.version, "language": report.language, "time_zone": report.time_zone,
        "filters": report.filters, "actor": {"id": report.user_id or manifest["actor"]["id"], "name": report.actor_name},
        "as_of": report.as_of.isoformat() if report.as_of else "", "project_id": report.project_id,
    }  # fmt: skip
    for name, value in stated.items():
        if manifest[name] != value:
            return Finding(0, name)
    if sealing.whole({"title": report.title, **report.paper}) != manifest["paper"]:
        return Finding(0, "paper")
    done = 0
    for table in manifest["tables"]:
        found = _check_table(report, table["code"], table["sha256"], table["rows"])
        done += found.rows
        if not found.holds:
            return Finding(done, found.broken)
    return Finding(done, "" if _known(report) else "history")


def _check_table(report: Report, code: str, sha256: str, expected: int) -> Finding:
    leaves: list[bytes] = []
    for part in Part.objects.filter(report=report, table=code).order_by("position").iterator(chunk_size=4):
        kept = sealing.split(bytes(part.leaves))
        try:
            rows = sealing.unpacked(bytes(part.data))
        except ValueError:
            return Finding(len(leaves), f"{code} {len(leaves) + 1}")
        for place in range(max(len(rows), len(kept))):
            if place >= len(rows) or place >= len(kept) or sealing.leaf(rows[place]) != kept[place]:
                return Finding(len(leaves) + place, f"{code} {len(leaves) + place + 1}")
        leaves += kept
    if sealing.root(leaves) != sha256 or len(leaves) != expected:
        return Finding(len(leaves), code)
    return Finding(len(leaves))


def _known(report: Report) -> bool:
    """Whether the history tells of this report with this hash, and the chain still holds the seal it names."""
    entry = (
        Entry.objects.unscoped("the proof of a report that was already allowed")
        .filter(event=report_made.code, subject_type=subject_type(Report), subject_id=report.pk)
        .order_by("pk")
        .first()
    )
    head = report.manifest["history"]["head"]
    sealed = not head or Seal.objects.filter(digest=bytes.fromhex(head)).exists()
    return sealed and (entry is None or entry.data.get("sha256") == report.sha256)
