"""Reports that somebody may see, and their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, Sum

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.core.documents.paper import Cell
from enishi.reports import sealing
from enishi.reports.definitions import KIND
from enishi.reports.framing import Definition
from enishi.reports.models import Dispatch, Part, Report, Schedule
from enishi.reports.queries.cells import plain_row


def reports(actor: Actor) -> ScopedQuerySet[Report]:
    """Reports within the actor's rights: those to reports, and to all that the report was made from."""
    return Report.objects.visible_to(actor).filter(_readable(actor))


def schedules(actor: Actor) -> ScopedQuerySet[Schedule]:
    """Scheduled reports, by the same rule."""
    return Schedule.objects.visible_to(actor).filter(_readable(actor)).select_related("project", "user")


def schedule(actor: Actor, schedule_id: int) -> Schedule:
    return schedules(actor).get(pk=schedule_id)


def schedules_like(actor: Actor, report: Report) -> list[Schedule]:
    """Schedules of the same definition and project."""
    found = schedules(actor).filter(definition=report.definition, project=report.project)
    return list(found.prefetch_related("recipients").order_by("pk"))


def dispatches(actor: Actor, schedule: Schedule, *, limit: int = 12) -> list[Dispatch]:
    """The last times that it ran, newest first; ``seen`` are those of its reports that the actor may see."""
    seen = reports(actor).defer("paper", "manifest").order_by("pk")
    found = schedule.dispatches.order_by("-due_at")
    return list(found.prefetch_related(Prefetch("reports", queryset=seen, to_attr="seen"))[:limit])


def _readable(actor: Actor) -> Q:
    """Who may see a report must hold every right that it was made with, there and up to its level."""
    found = Q(pk__in=[])
    for definition in KIND.all():
        readable = Q(definition=definition.code)
        for right in definition.needs:
            limit = Report.scope_condition(actor.scope(right))
            readable &= limit if limit is not None else Q()
        found |= readable
    return found


def report(actor: Actor, report_id: int) -> Report:
    """One report; raises Report.DoesNotExist for what the actor may not see."""
    return reports(actor).select_related("project", "user").get(pk=report_id)


def listed(actor: Actor, *, before: int | None = None, limit: int = 50) -> list[Report]:
    """Reports, newest first; ``before`` is the number where the page before ended."""
    found = reports(actor).select_related("project", "user").defer("paper", "manifest").order_by("-pk")
    return list(found.filter(pk__lt=before)[:limit] if before is not None else found[:limit])


def redactions(report: Report) -> tuple[int, int]:
    """How many people were erased out of a report since it was frozen, and how many values with them."""
    found = report.redactions.aggregate(people=Count("pk"), values=Sum("values"))
    return found["people"], found["values"] or 0


def definition_of(report: Report | Schedule) -> Definition:
    return KIND.get(report.definition)


def tables(report: Report) -> list[dict[str, Any]]:
    """The tables of a report as its paper describes them: code, title, columns, note, rows."""
    found: list[dict[str, Any]] = report.paper.get("tables", [])
    return found


def sealed_rows(report: Report, table: str) -> Iterator[sealing.Row]:
    """The rows of a table as they lie: one part in memory at a time."""
    parts = Part.objects.filter(report=report, table=table).order_by("position")
    for data in parts.values_list("data", flat=True).iterator(chunk_size=1):
        yield from sealing.unpacked(bytes(data))


def sealed_leaves(report: Report, table: str) -> Iterator[bytes]:
    """The hashes of the rows of a table, in pieces."""
    parts = Part.objects.filter(report=report, table=table).order_by("position")
    return (bytes(leaves) for leaves in parts.values_list("leaves", flat=True).iterator(chunk_size=4))


def rows(report: Report, table: dict[str, Any]) -> Iterator[list[Cell]]:
    """The rows of a table in plain values."""
    kinds = [column["kind"] for column in table["columns"]]
    return (plain_row(row, kinds) for row in sealed_rows(report, table["code"]))


@dataclass(frozen=True)
class Slice:
    """Some rows of a table, to be looked at."""

    rows: list[list[Cell]]
    first: int
    total: int

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def next(self) -> int | None:
        return self.last + 1 if self.last < self.total else None


def some_rows(report: Report, table: dict[str, Any], *, first: int = 1, limit: int = 50) -> Slice:
    """The rows from number ``first`` on (the first is 1), from the parts that hold them."""
    kinds = [column["kind"] for column in table["columns"]]
    found: list[list[Cell]] = []
    passed = 0
    parts = Part.objects.filter(report=report, table=table["code"]).order_by("position")
    for pk, count in parts.values_list("pk", "rows"):
        if passed + count >= first and len(found) < limit:
            data = Part.objects.values_list("data", flat=True).get(pk=pk)
            begin = max(0, first - passed - 1)
            part = sealing.unpacked(bytes(data))[begin : begin + limit - len(found)]
            found += [plain_row(row, kinds) for row in part]
        passed += count
    return Slice(found, first, table["rows"])
