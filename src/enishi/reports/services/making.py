"""Freezing a report: the rows are written in sealed parts, then the paper and the manifest close over them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import Q, Value
from django.db.models.functions import Cast
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden, Via
from enishi.accounts.services import keep_with
from enishi.core import clock, jobs, live
from enishi.core.documents import Column
from enishi.core.formats import format_datetime, format_full_date
from enishi.reports import sealing, signals
from enishi.reports.definitions import KIND
from enishi.reports.framing import Definition, Frame, Paper
from enishi.reports.lines import Lines
from enishi.reports.models import Part, Report, Source
from enishi.reports.queries import Choice, ReportError, frame_of
from enishi.reports.queries.cells import frozen_row, named
from enishi.reports.queries.past import as_it_stood
from enishi.timeline.models import Seal
from enishi.timeline.services import record, subject_type

AT_ONCE = 2000
"""Rows that are frozen while the browser waits; more become a job."""
CHUNK = 5000
_log = logging.getLogger(__name__)


def make_report(
    actor: Actor,
    *,
    definition: str,
    choice: Choice,
    language: str,
    zone: str,
    at_once: bool = False,
    make: bool = True,
) -> Report:
    """Freeze a report, at once or (when it is long) by a job. Raises Forbidden, ReportError."""
    plan = KIND.get(definition)
    frame = frame_of(actor, plan, choice, language=language, zone=zone, make=make)
    with transaction.atomic(), as_it_stood(plan, frame):
        expected = plan.count(frame)
        report = Report.objects.create(
            project=frame.project,
            confidentiality=choice.level,
            definition=plan.code,
            version=plan.version,
            language=language,
            time_zone=zone,
            filters=choice.stored(),
            user_id=actor.user_id,
            actor_name=actor.name,
            expected=expected,
            created_at=clock.now(),
        )
        if at_once or expected <= AT_ONCE:
            freeze(report, plan, frame)
        else:
            jobs.defer("reports.freeze", report_id=report.pk)
    return report


def run_job(report_id: int) -> None:
    """Freeze a long report for whoever asked, with what they may read now. Begun again, it begins anew."""
    report = Report.objects.unscoped("a job of somebody who was allowed to begin it").get(pk=report_id)
    if report.state != Report.State.WAITING or report.user_id is None:
        return
    actor = accounts.actor(accounts.person(report.user_id), via=Via.JOB)
    report.parts.all().delete()
    plan = KIND.get(report.definition)
    try:
        frame = frame_of(
            actor, plan, Choice.read(report.filters), language=report.language, zone=report.time_zone
        )
        with as_it_stood(plan, frame):
            freeze(report, plan, frame)
    except (Forbidden, ReportError):
        _failed(actor, report)
    except Exception:
        _failed(actor, report)
        raise


@transaction.atomic
def _failed(actor: Actor, report: Report) -> None:
    Report.objects.unscoped("its own state").filter(pk=report.pk, state=Report.State.WAITING).update(
        state=Report.State.FAILED
    )
    record(actor, signals.report_failed, subject=report, data={"definition": report.definition})


def freeze(report: Report, plan: Definition, frame: Frame) -> None:
    """Write the rows, then close the report over them and record it with its hash."""
    freezer = _Freezer(report)
    with translation.override(report.language):
        paper = plan.write(frame, freezer)
        subtitle = _subtitle(plan, frame)
        notes = [*paper.notes, *(_notes_of_the_past() if frame.past else ())]
    freezer.close()
    _keep_sources(report, plan, frame)
    described = {
        "subtitle": subtitle,
        "figures": [[figure.value, figure.label] for figure in paper.figures],
        "charts": [
            {"title": chart.title, "bars": [[bar.label, bar.value, bar.text] for bar in chart.bars]}
            for chart in paper.charts
        ],
        "tables": freezer.described(),
        "notes": [str(note) for note in notes],
    }
    _close(report, frame, paper, described, freezer)


def _keep_sources(report: Report, plan: Definition, frame: Frame) -> None:
    """Write down the records that it was made of."""
    for found in plan.made_of(frame) or ():
        kind = found.model._meta.label_lower
        ids = ArraySubquery(found.order_by().values("pk"))
        Source.objects.filter(report=report, kind=kind).delete()
        Source.objects.create(report=report, kind=kind, ids=ids)


def told_in(subjects: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """The frozen reports that were made of one of these records, and those of which nobody knows."""
    ids: dict[str, list[int]] = defaultdict(list)
    for kind, pk in subjects:
        ids[kind].append(pk)
    made = Q(sources__isnull=True)
    for kind, found in ids.items():
        made |= Q(pk__in=Source.objects.filter(kind=kind, ids__overlap=found).values("report"))
    reports = Report.objects.unscoped("which reports tell of what is kept from somebody")
    frozen = reports.filter(made, state=Report.State.FROZEN)
    return {(subject_type(Report), pk) for pk in frozen.values_list("pk", flat=True)}


@transaction.atomic
def _close(report: Report, frame: Frame, paper: Paper, described: dict[str, Any], freezer: _Freezer) -> None:
    title = paper.title[:300]
    last = Seal.objects.order_by("-id").values_list("digest", flat=True).first()
    report.manifest = {
        "format": sealing.FORMAT,
        "id": report.pk,
        "definition": report.definition,
        "version": report.version,
        "project_id": report.project_id,
        "language": report.language,
        "time_zone": report.time_zone,
        "filters": report.filters,
        "actor": {"id": report.user_id, "name": report.actor_name},
        "as_of": frame.now.isoformat(),
        **({"made_at": clock.now().isoformat()} if frame.past else {}),
        "history": {"head": bytes(last).hex() if last else ""},
        "paper": sealing.whole({"title": title, **described}),
        "tables": freezer.sealed(),
    }
    report.title, report.paper, report.as_of = title, described, frame.now
    report.rows = report.done = sum(table["rows"] for table in described["tables"])
    report.sha256, report.state = sealing.whole(report.manifest), Report.State.FROZEN
    report.save()
    made_of = dict(report.sources.values_list("kind", "ids"))
    keep_with((subject_type(Report), report.pk), made_of)
    record(
        frame.actor,
        signals.report_made,
        subject=report,
        data={"definition": report.definition, "rows": report.rows, "sha256": report.sha256},
    )
    live.push(report.user_id, "job", {"id": f"report-{report.pk}", "done": report.rows, "total": report.rows})


def _subtitle(plan: Definition, frame: Frame) -> str:
    place = (
        _("%(project)s and what is below it") % {"project": frame.project.name}
        if frame.project is not None and len(frame.project_ids) > 1
        else frame.project.name
        if frame.project is not None
        else _("All projects")
    )
    words = {
        "place": place,
        "report": str(plan.label),
        "since": format_full_date(frame.since, frame.language),
        "until": format_full_date(frame.until, frame.language),
        "at": format_datetime(
            frame.now, frame.language, today=frame.since.replace(year=1900, day=1), tz=frame.zone
        ),
    }
    if frame.past:
        return _as_it_stood(plan, words)
    if not plan.period:
        return _("%(place)s: %(report)s, as of %(at)s") % words
    return _("%(place)s: %(report)s, %(since)s to %(until)s, as of %(at)s") % words


def _as_it_stood(plan: Definition, words: dict[str, str]) -> str:
    if not plan.period:
        return _("%(place)s: %(report)s, as it stood on %(at)s") % words
    return _("%(place)s: %(report)s, %(since)s to %(until)s, as it stood on %(at)s") % words


def _notes_of_the_past() -> list[str]:
    return [
        _(
            "Worked out from the history: what was changed, deleted, restored or merged since stands here as it did then."
        ),
        _(
            "Left out is what has become more confidential, was moved to another project or was removed for good since."
            " Who was erased stays erased. Names of colleagues, teams, projects and tags are those of the day it was made."
        ),
    ]


class _Sheet:
    """The rows of one table on their way into parts."""

    def __init__(self, report: Report, code: str, title: str, columns: Sequence[Column], note: str) -> None:
        self.report, self.code, self.title, self.columns, self.note = report, code, title, columns, note
        self.waiting: list[Sequence[Any]] = []
        self.leaves: list[bytes] = []
        self.parts = 0

    def add(self, row: Sequence[Any]) -> None:
        self.waiting.append(row)
        if len(self.waiting) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        if not self.waiting:
            return
        salts = sealing.salts(sum(named(row) for row in self.waiting))
        rows = [frozen_row(row, salts) for row in self.waiting]
        people = {
            person
            for row in rows
            for cell in row
            if isinstance(cell, list)
            for value in cell
            for person in value[2]
        }
        self.waiting = []
        self.keep(len(rows), [sealing.leaf(row) for row in rows], sorted(people), sealing.packed(rows))

    def take(self, lines: Lines) -> None:
        with connection.chunked_cursor() as cursor:
            cursor.execute(lines.parts(CHUNK), lines.params)
            while found := cursor.fetchone():
                count, written, leaves, named_there = found
                people = ",".join(sorted(set((named_there or "").split(",")), key=lambda pk: int(pk or 0)))
                # As one text: a list of ten thousand numbers would be adapted one by one.
                kept = Cast(Value(f"{{{people}}}"), Part._meta.get_field("people"))
                self.keep(count, sealing.split(bytes(leaves)), kept, sealing.packed_lines(written))

    def keep(self, count: int, leaves: list[bytes], people: Any, data: bytes) -> None:
        """Store one part."""
        Part.objects.create(
            report=self.report,
            table=self.code,
            position=self.parts,
            rows=count,
            people=people,
            leaves=b"".join(leaves),
            data=data,
        )
        self.leaves += leaves
        self.parts += 1


class _Freezer:
    """The writer that freezes. Each part is stored as soon as it is full, and whoever waits is told."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.sheets: list[_Sheet] = []

    def table(self, code: str, title: str, columns: Sequence[Column], *, note: str = "") -> _Sheet:
        self.sheets.append(
            _Told(self.report, code, title, columns, note)
            if not self.sheets
            else _Sheet(self.report, code, title, columns, note)
        )
        return self.sheets[-1]

    def close(self) -> None:
        for sheet in self.sheets:
            sheet.flush()

    def described(self) -> list[dict[str, Any]]:
        return [
            {
                "code": sheet.code,
                "title": sheet.title,
                "note": sheet.note,
                "columns": [asdict(column) for column in sheet.columns],
                "rows": len(sheet.leaves),
            }
            for sheet in self.sheets
        ]

    def sealed(self) -> list[dict[str, Any]]:
        return [
            {"code": sheet.code, "rows": len(sheet.leaves), "sha256": sealing.root(sheet.leaves)}
            for sheet in self.sheets
        ]


class _Told(_Sheet):
    """The longest table: its parts move the bar of whoever waits."""

    def keep(self, count: int, leaves: list[bytes], people: Any, data: bytes) -> None:
        super().keep(count, leaves, people, data)
        report, done = self.report, len(self.leaves)
        Report.objects.unscoped("its own progress").filter(pk=report.pk).update(done=done)
        total = max(report.expected, done)
        live.push(report.user_id, "job", {"id": f"report-{report.pk}", "done": done, "total": total})
