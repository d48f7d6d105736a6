"""What every API router shares: field types, pages, conditional requests and problem answers (RFC 9457)."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Schema
from pydantic import AfterValidator

from enishi.core import text

MAX_ID = 2**63 - 1
PAGE = 50
MAX_PAGE = 200

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Limit = Annotated[int, Field(ge=1, le=MAX_PAGE)]


def _storable(value: str) -> str:
    if value != text.clean(value):
        raise ValueError("contains characters that cannot be stored (NUL or half of a surrogate pair)")
    return value


# Text that the database can hold.
Text = Annotated[str, AfterValidator(_storable)]

T = TypeVar("T")


class Page(Schema, Generic[T]):
    """One page; ``next`` is the cursor of the following one, null on the last."""

    items: list[T]
    next: str | None = None


class FieldProblem(Schema):
    """What is wrong with one field; ``field`` is its path in the request."""

    field: str
    message: str


class ProblemOut(Schema):
    """An error as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[FieldProblem] = []


class Problem(Exception):
    """Answer with an error: a status, a title, and what to do about it."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail
        self.errors, self.headers = errors, dict(headers or {})


def problem_response(problem: Problem) -> HttpResponse:
    body: dict[str, Any] = {"type": "about:blank", "title": problem.title, "status": problem.status}
    if problem.detail:
        body["detail"] = problem.detail
    if problem.errors:
        body["errors"] = [{"field": field, "message": message} for field, message in problem.errors]
    return JsonResponse(
        body, status=problem.status, content_type="application/problem+json", headers=problem.headers
    )


def etag(version: int) -> str:
    return f'"v{version}"'


def expected_version(request: HttpRequest) -> int | None:
    """The version that ``If-Match`` names; None without one or for ``*``. A tag we never gave matches nothing."""
    given = request.headers.get("If-Match", "").strip()
    if not given or given == "*":
        return None
    wanted = given.removeprefix('"v').removesuffix('"')
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 0


def stale(current: int) -> Problem:
    """412: somebody else has changed the record since it was read."""
    return Problem(
        412,
        "The record has changed",
        "Read it again, then send the change with its new ETag.",
        headers={"ETag": etag(current)},
    )


def not_modified(request: HttpRequest, version: int) -> bool:
    return etag(version) in [part.strip() for part in request.headers.get("If-None-Match", "").split(",")]


def cursor(moment: dt.datetime | None, record_id: int) -> str:
    """Where a page that is ordered by a moment and an id ends, as an opaque word."""
    raw = json.dumps([moment.isoformat() if moment else None, record_id])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def read_cursor(word: str) -> tuple[dt.datetime | None, int] | None:
    """The place that a cursor names; None for none. Raises Problem for a word that no page gave."""
    if not word:
        return None
    try:
        raw = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        moment, record_id = json.loads(raw)
        at = dt.datetime.fromisoformat(moment) if moment is not None else None
        if (
            not isinstance(record_id, int)
            or abs(record_id) > MAX_ID
            or (at is not None and at.tzinfo is None)
        ):
            raise ValueError
    except (ValueError, TypeError):
        raise Problem(
            422, "The cursor cannot be used", errors=[("cursor", "Start again without a cursor.")]
        ) from None
    return at, record_id
