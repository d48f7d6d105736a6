"""Files for programs."""

from __future__ import annotations

import datetime as dt
from typing import IO, Annotated, Any, cast

from django.http import FileResponse, HttpRequest
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.content import models, queries, services
from enishi.content.sending import send
from enishi.core.api import PAGE, Id, Limit, Page, Problem, Text, cursor, read_cursor

router = Router(tags=["Files"])


class VersionOut(Schema):
    number: int
    sha256: str
    size: int
    media_type: str
    created_at: dt.datetime


class FileOut(Schema):
    """A file; ``sha256``, ``size`` and ``media_type`` are those of its newest version."""

    id: int
    project_id: int
    name: str
    description: str
    folder: str
    attachment: bool
    confidentiality: int
    created_at: dt.datetime
    sha256: str = ""
    size: int = 0
    media_type: str = ""


class FileWhole(FileOut):
    versions: list[VersionOut]
    party_ids: list[int]


class FileIn(Schema):
    project_id: Id
    name: Annotated[Text, Field(max_length=300)] = ""
    folder: Annotated[Text, Field(max_length=200)] = ""
    description: Annotated[Text, Field(max_length=500)] = ""
    confidentiality: Annotated[int, Field(ge=0, le=3)] | None = None
    party_ids: Annotated[list[Id], Field(max_length=100)] = []


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


_FILE = ("project_id", "name", "description", "folder", "attachment", "confidentiality", "created_at")


def _shown(file: models.File, versions: list[models.FileVersion]) -> dict[str, Any]:
    newest = versions[0] if versions else None
    shown = {"id": file.pk, **{name: getattr(file, name) for name in _FILE}}
    if newest:
        shown |= {"sha256": newest.sha256, "size": newest.size, "media_type": newest.media_type}
    return shown


def _whole(actor: Actor, file_id: int) -> dict[str, Any]:
    file = queries.file(actor, file_id)
    versions: list[models.FileVersion] = file.states  # type: ignore[attr-defined]
    links: list[models.FileLink] = file.belongs_to  # type: ignore[attr-defined]
    return {**_shown(file, versions), "versions": versions, "party_ids": [link.party_id for link in links]}


@router.get("", response=Page[FileOut], summary="List files")
def list_files(
    request: HttpRequest,
    project_id: Id | None = None,
    folder: Annotated[Text, Field(max_length=200)] = "",
    q: Annotated[Text, Field(max_length=200)] = "",
    attachments: bool = True,
    cursor: Annotated[str, Field(max_length=500)] = "",
    limit: Limit = PAGE,
) -> Any:
    """Newest first. ``q`` looks in names and in what the files say."""
    place = read_cursor(cursor)
    after = queries.Position(place[0], place[1]) if place and place[0] else None
    wanted = queries.Filters(project_id=project_id, folder=folder, text=q, attachments=attachments)
    page = queries.files(_actor(request), wanted, after=after, limit=limit)
    return {
        "items": [_shown(file, file.newest) for file in page.items],  # type: ignore[attr-defined]
        "next": _next(page.after),
    }


def _next(position: queries.Position | None) -> str | None:
    return cursor(position.created_at, position.file_id) if position else None


@router.post("", response={201: FileWhole}, summary="Add a file")
def add_file(request: HttpRequest, data: Form[FileIn], file: File[UploadedFile]) -> Any:
    """Send it as multipart/form-data. What it is, is found out from its bytes, not from what the sender says."""
    actor = _actor(request)
    project = accounts.project(actor, data.project_id, "content.edit")
    try:
        made = services.add_file(
            actor,
            project=project,
            name=data.name or file.name or "",
            data=cast(IO[bytes], file.file),
            folder=data.folder,
            description=data.description,
            confidentiality=data.confidentiality,
            party_ids=data.party_ids,
        )
    except services.FileError as error:
        raise Problem(422, "The file cannot be kept", errors=[(error.field or "file", str(error))]) from None
    return Status(201, _whole(actor, made.pk))


@router.get("/{file_id}", response=FileWhole, summary="Read about a file")
def read_file(request: HttpRequest, file_id: Id) -> Any:
    actor = _actor(request)
    shown = _whole(actor, file_id)
    services.view_file(actor, queries.file(actor, file_id))
    return shown


@router.get("/{file_id}/content", response={200: bytes}, summary="Download a file")
def download(
    request: HttpRequest, file_id: Id, version: Annotated[int, Field(ge=1, le=100_000)] | None = None
) -> FileResponse:
    """The bytes of the newest version, or of that one. Reading a confidential file is in the history."""
    try:
        return send(services.open_file(_actor(request), file_id, version))
    except services.FileError as error:
        raise Problem(410, "The bytes are gone", str(error)) from None


@router.post("/{file_id}/versions", response={201: FileWhole}, summary="Add a version")
def add_version(request: HttpRequest, file_id: Id, file: File[UploadedFile]) -> Any:
    actor = _actor(request)
    try:
        services.add_version(
            actor, queries.file(actor, file_id), data=cast(IO[bytes], file.file), name=file.name or ""
        )
    except services.FileError as error:
        raise Problem(422, "The file cannot be kept", errors=[(error.field or "file", str(error))]) from None
    return Status(201, _whole(actor, file_id))


@router.delete("/{file_id}", response={204: None}, summary="Delete a file")
def delete_file(request: HttpRequest, file_id: Id) -> Any:
    actor = _actor(request)
    services.delete_file(actor, queries.file(actor, file_id))
    return Status(204, None)
