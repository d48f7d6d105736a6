"""The search for programs."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from enishi.core.api import Text
from enishi.search import queries
from enishi.search.models import Kind

router = Router(tags=["Search"])


class HitOut(Schema):
    """Something found; ``id`` is that of the record in its own list."""

    kind: str
    id: int
    title: str
    detail: str


@router.get("", response=list[HitOut], summary="Find anything")
def search(
    request: HttpRequest,
    q: Annotated[Text, Field(max_length=200)],
    kind: Kind | None = None,
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> Any:
    """People, organisations, conversations, promises, tasks and files within the rights of the token, best first."""
    hits = queries.find(request.auth, q, kinds=[kind] if kind else [], limit=limit)  # type: ignore[attr-defined]
    return [
        {"kind": hit.kind, "id": hit.subject_id, "title": hit.title, "detail": hit.detail} for hit in hits
    ]
