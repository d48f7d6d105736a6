"""Reports for programs: list, read, make, verify, download."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import FileResponse, HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status
from pydantic import AwareDatetime

from enishi.accounts.access import Actor
from enishi.accounts.models import LANGUAGES
from enishi.core.api import PAGE, Id, Limit, Page, Problem, Text, cursor, read_cursor
from enishi.reports import queries, services
from enishi.reports.definitions import KIND
from enishi.reports.models import Report

router = Router(tags=["Reports"])


class ReportOut(Schema):
    """A report. ``state`` is waiting, frozen or failed; ``sha256`` is empty until it is frozen."""

    id: int
    definition: str
    version: int
    title: str
    project_id: int | None
    confidentiality: int
    language: str
    filters: dict[str, Any]
    state: str
    rows: int
    as_of: dt.datetime | None
    sha256: str
    user_id: int | None
    created_at: dt.datetime


class FrozenOut(ReportOut):
    """With everything on its paper but the rows of its tables, and the manifest."""

    paper: dict[str, Any]
    manifest: dict[str, Any]


class ReportIn(Schema):
    """Without a project it is about everything, which takes the rights everywhere. ``since`` and ``until`` are included.

    With ``as_of`` rows stand as they did at that moment (with its zone); that takes the right to the history too.
    """

    definition: Annotated[Text, Field(max_length=40)]
    project_id: Id | None = None
    since: dt.date
    until: dt.date
    confidentiality: Annotated[int, Field(ge=0, le=3)] = 1
    tag_id: Id | None = None
    side: Annotated[str, Field(pattern="^(ours|theirs)?$")] = ""
    as_of: AwareDatetime | None = None
    language: Annotated[str, Field(pattern=f"^({'|'.join(code for code, _name in LANGUAGES)})$")] = "en"


class CheckOut(Schema):
    """``broken`` names the first thing that is not as it was frozen, e.g. ``register 17`` for row 17 of that table."""

    holds: bool
    rows: int
    broken: str


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    actor.require("reports.view")
    return actor


@router.get("", response=Page[ReportOut], summary="List reports")
def list_reports(
    request: HttpRequest, cursor: Annotated[str, Field(max_length=500)] = "", limit: Limit = PAGE
) -> Any:
    """Newest first."""
    place = read_cursor(cursor)
    found = queries.listed(_actor(request), before=place[1] if place else None, limit=limit + 1)
    return {"items": found[:limit], "next": _next(found[limit - 1]) if len(found) > limit else None}


def _next(last: Report) -> str:
    return cursor(None, last.pk)


@router.get("/{report_id}", response=FrozenOut, summary="Read a report")
def read_report(request: HttpRequest, report_id: Id) -> Any:
    """Reading a confidential one is in the history."""
    actor = _actor(request)
    report = queries.report(actor, report_id)
    services.read_report(actor, report)
    return report


@router.post("", response={201: ReportOut}, summary="Make a report")
def make_report(request: HttpRequest, data: ReportIn, response: HttpResponse) -> Any:
    """Frozen at once, or (more than 2,000 rows) in the background: ask again until ``state`` is frozen or failed."""
    actor = _actor(request)
    if data.definition not in {one.code for one in KIND.all()}:
        raise Problem(422, "The report cannot be made", errors=[("definition", "There is no such report.")])
    choice = queries.Choice(
        project_id=data.project_id,
        since=data.since,
        until=data.until,
        level=data.confidentiality,
        tag_id=data.tag_id,
        side=data.side,
        at=data.as_of,
    )
    try:
        report = services.make_report(
            actor, definition=data.definition, choice=choice, language=data.language, zone="UTC"
        )
    except queries.ReportError as error:
        raise Problem(
            422, "The report cannot be made", errors=[(error.field or "body", str(error))]
        ) from None
    response["Location"] = f"/api/v1/reports/{report.pk}"
    return Status(201, report)


@router.get("/{report_id}/verify", response=CheckOut, summary="Verify a report")
def verify_report(request: HttpRequest, report_id: Id) -> Any:
    """Recompute every hash."""
    found = queries.check(_frozen(request, report_id))
    return {"holds": found.holds, "rows": found.rows, "broken": found.broken}


@router.get("/{report_id}/files/{format}", response={200: bytes}, summary="Download a report")
def download_report(request: HttpRequest, report_id: Id, format: Annotated[str, Field(max_length=4)]) -> Any:
    """As pdf, xlsx, csv, docx or zip (the package with the proof). The history says that it was taken."""
    report = _frozen(request, report_id)
    if format not in services.FORMATS:
        raise Problem(404, "Not found", f"There is no such format. There are: {', '.join(services.FORMATS)}.")
    taken = services.take(_actor(request), report, format)
    return FileResponse(taken.file, as_attachment=True, filename=taken.name, content_type=taken.type)


def _frozen(request: HttpRequest, report_id: int) -> Report:
    report = queries.report(_actor(request), report_id)
    if not report.is_frozen:
        raise Problem(409, "Not frozen yet", "Ask again when its state is frozen.")
    return report
