"""Imports for programs: send a file, try it, bring it in, take it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import IO, Annotated, Any, cast

from django.http import HttpRequest
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.models import ImportRow, ImportRun
from enishi.contacts.queries import importing as queries
from enishi.contacts.services import importing as services
from enishi.contacts.services.importing.problems import said
from enishi.core.api import PAGE, Id, Limit, Page, Problem, Text
from enishi.timeline.services import undo_operation
from enishi.timeline.undo import UndoRefused

router = Router(tags=["Imports"])


class ImportIn(Schema):
    """``preset`` reads the columns as that system writes them; without one they are matched by their headers."""

    project_id: Id
    preset: Annotated[Text, Field(max_length=40)] = ""
    encoding: Annotated[Text, Field(max_length=40)] = ""
    delimiter: Annotated[Text, Field(max_length=1)] = ""


class ImportOut(Schema):
    """A file on its way in. ``counts`` are those of the dry run once it is checked, of the result once it is done."""

    id: int
    importer: str
    project_id: int
    filename: str
    state: str
    counts: dict[str, int]
    progress: int
    total: int
    problem: str
    operation_id: int | None
    created_at: dt.datetime
    finished_at: dt.datetime | None


class Accepted(Schema):
    """Mail archives are read in the background and appear among the imports when that begins."""

    queued: bool = True


class RowProblem(Schema):
    column: str
    reason: str


class RowOut(Schema):
    """One row of the file: what becomes or became of it, and what is wrong with it."""

    number: int
    action: str
    decision: str
    name: str
    party_id: int | None
    cells: list[str]
    problems: list[RowProblem]


class QuarantineOut(Schema):
    file: str
    item: str
    reason: str
    sha256: str
    size: int


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


def _refused(error: Exception) -> Problem:
    return Problem(422, "The import cannot go on", str(error))


def _step(actor: Actor, import_id: int, action: Callable[[Actor, ImportRun], object]) -> ImportRun:
    run = queries.run(actor, import_id)
    try:
        action(actor, run)
    except services.ImportRefused as error:
        raise Problem(409, "The import is not at that point", str(error)) from None
    return queries.run(actor, import_id)


@router.get("", response=Page[ImportOut], summary="List imports")
def list_imports(request: HttpRequest, cursor: Id | None = None) -> Any:
    """Newest first; the cursor is the id of the last one seen."""
    runs = list(queries.runs(_actor(request), before=cursor)[: PAGE + 1])
    return {"items": runs[:PAGE], "next": str(runs[PAGE - 1].pk) if len(runs) > PAGE else None}


@router.post("", response={201: ImportOut, 202: Accepted}, summary="Send a file")
def send_file(request: HttpRequest, data: Form[ImportIn], file: File[UploadedFile]) -> Any:
    """A table, vCards (201: then check and apply), or a mail archive (202: read in the background)."""
    actor = _actor(request)
    project = accounts.project(actor, data.project_id, services.RIGHT)
    try:
        stream = cast(IO[bytes], file.file)
        run = services.receive(actor, project_id=project.pk, name=file.name or "", stream=stream)  # type: ignore[arg-type]
        if run is not None and (data.encoding or data.delimiter):
            run = services.read_as(actor, run, encoding=data.encoding, delimiter=data.delimiter)
        if run is not None and data.preset:
            run = services.use_preset(actor, run, data.preset)
    except services.ImportRefused as error:
        raise _refused(error) from None
    return Status(202, {}) if run is None else Status(201, run)


@router.get("/{import_id}", response=ImportOut, summary="Read how far an import is")
def read_import(request: HttpRequest, import_id: Id) -> Any:
    return queries.run(_actor(request), import_id)


@router.post("/{import_id}/check", response={202: ImportOut}, summary="Try an import")
def check(request: HttpRequest, import_id: Id) -> Any:
    """The dry run, in the background: says of every row what would become of it."""
    return Status(202, _step(_actor(request), import_id, services.start_check))


@router.post("/{import_id}/apply", response={202: ImportOut}, summary="Bring an import in")
def apply(request: HttpRequest, import_id: Id) -> Any:
    """In the background, after a dry run; one that stopped goes on where it stood."""
    return Status(202, _step(_actor(request), import_id, services.start_apply))


@router.post("/{import_id}/undo", response={202: ImportOut}, summary="Take an import back")
def undo(request: HttpRequest, import_id: Id) -> Any:
    """Creates and updates; what was edited since stays."""
    actor = _actor(request)
    run = queries.run(actor, import_id)
    if run.operation_id is None:
        raise Problem(409, "The import is not at that point", "There is nothing to take back.")
    try:
        undo_operation(actor, run.operation_id)
    except UndoRefused as error:
        raise Problem(409, "The import cannot be taken back", str(error)) from None
    return Status(202, queries.run(actor, import_id))


@router.get("/{import_id}/rows", response=Page[RowOut], summary="List the rows of an import")
def list_rows(
    request: HttpRequest,
    import_id: Id,
    action: ImportRow.Action | None = None,
    cursor: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0,
    limit: Limit = PAGE,
) -> Any:
    """In the order of the file; ``action`` is create, update, same, duplicate, refuse or skip."""
    actor = _actor(request)
    run = queries.run(actor, import_id)
    rows = queries.rows(actor, run, action=action or "", after=cursor, limit=limit)
    items = [
        {
            "number": row.number,
            "action": row.action,
            "decision": row.decision,
            "name": row.name,
            "party_id": row.party_id if row.exists else None,
            "cells": row.cells,
            "problems": [{"column": problem["column"], "reason": said(problem)} for problem in row.problems],
        }
        for row in rows
    ]
    return {"items": items, "next": str(rows[-1].number) if len(rows) == limit else None}


@router.get("/{import_id}/quarantine", response=list[QuarantineOut], summary="List what could not be read")
def list_quarantine(request: HttpRequest, import_id: Id) -> Any:
    return list(queries.set_aside(queries.run(_actor(request), import_id)))
