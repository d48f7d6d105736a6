"""Conversations for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from enishi.accounts.access import Actor
from enishi.conversations import queries, services
from enishi.conversations.models import Interaction, Participant
from enishi.core.api import (
    PAGE,
    Id,
    Limit,
    Page,
    Problem,
    Text,
    cursor,
    etag,
    expected_version,
    not_modified,
    read_cursor,
    stale,
)

router = Router(tags=["Interactions"])

Long = Annotated[Text, Field(max_length=1_000_000)]


class ParticipantOut(Schema):
    role: str
    party_id: int | None
    user_id: int | None
    name: str
    address: Annotated[str, Field(validation_alias="shown_address")]


class ParticipantIn(Schema):
    """A contact, a colleague, or only a name or an address."""

    role: Participant.Role = Participant.Role.WITH
    party_id: Id | None = None
    user_id: Id | None = None
    name: Annotated[Text, Field(max_length=300)] = ""
    address: Annotated[Text, Field(max_length=320)] = ""


class InteractionOut(Schema):
    """A call, meeting, visit, letter, e-mail, chat or note. ``folds`` marks quoted parts and signatures in ``text``."""

    id: int
    channel: str
    direction: str
    occurred_at: dt.datetime
    minutes: int | None
    subject: str
    text: str
    folds: list[dict[str, Any]]
    place: str
    answer: str
    project_ids: list[int]
    confidentiality: int
    thread_id: int | None
    message_id: str | None
    user_id: int | None
    participants: list[ParticipantOut]
    tags: list[str]
    file_ids: list[int]
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime


class InteractionFields(Schema):
    channel: Interaction.Channel
    occurred_at: dt.datetime
    project_ids: Annotated[list[Id], Field(min_length=1, max_length=100)]
    participants: Annotated[list[ParticipantIn], Field(max_length=500)] = []
    subject: Annotated[Text, Field(max_length=500)] = ""
    text: Long = ""
    direction: Interaction.Direction = Interaction.Direction.BOTH
    minutes: Annotated[int, Field(ge=0, le=100_000)] | None = None
    place: Annotated[Text, Field(max_length=200)] = ""
    confidentiality: Annotated[int, Field(ge=0, le=3)] | None = None
    answer: Interaction.Answer = Interaction.Answer.NONE


class InteractionIn(InteractionFields):
    file_ids: Annotated[list[Id], Field(max_length=100)] = []
    reply_to_id: Id | None = None


class InteractionPatch(InteractionFields):
    """Only what is sent is changed; the version before stays in the history."""

    channel: Interaction.Channel = Interaction.Channel.NOTE
    occurred_at: dt.datetime = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    project_ids: Annotated[list[Id], Field(min_length=1, max_length=100)] = []


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


_FIELDS = (
    "channel", "direction", "occurred_at", "minutes", "subject", "text", "folds", "place", "answer", "project_ids",
    "confidentiality", "thread_id", "message_id", "user_id", "version", "created_at", "updated_at",
)  # fmt: skip


def _shown(interaction: Interaction) -> dict[str, Any]:
    return {
        "id": interaction.pk,
        **{name: getattr(interaction, name) for name in _FIELDS},
        "participants": list(interaction.people),  # type: ignore[attr-defined]
        "tags": [link.tag.path for link in interaction.tag_links.all()],
        "file_ids": [kept.file_id for kept in interaction.kept_files],  # type: ignore[attr-defined]
    }


def _usable(sent: dict[str, Any]) -> dict[str, Any]:
    at = sent.get("occurred_at")
    if at is not None and (at.tzinfo is None or not 1900 <= at.year <= 9000):
        message = "Give a moment with a time zone, such as 2026-11-30T18:00:00+09:00."
        raise Problem(422, "The request cannot be used", errors=[("occurred_at", message)])
    if "participants" in sent:
        sent["participants"] = [services.ParticipantDraft(**one) for one in sent["participants"]]
    if "confidentiality" in sent and sent["confidentiality"] is None:
        del sent["confidentiality"]
    return sent


def _saved(actor: Actor, action: Callable[[], Interaction], response: HttpResponse) -> dict[str, Any]:
    try:
        row = action()
    except services.Conflict as conflict:
        raise stale(conflict.current) from None
    except services.ConversationError as error:
        raise Problem(
            422, "The conversation cannot be saved", errors=[(error.field or "body", str(error))]
        ) from None
    response["ETag"] = etag(row.version)
    return _shown(queries.interaction(actor, row.pk))


@router.get("", response=Page[InteractionOut], summary="List interactions")
def list_interactions(
    request: HttpRequest,
    channel: Interaction.Channel | None = None,
    project_id: Id | None = None,
    party_id: Id | None = None,
    answer: Interaction.Answer | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    q: Annotated[Text, Field(max_length=200)] = "",
    cursor: Annotated[str, Field(max_length=500)] = "",
    limit: Limit = PAGE,
) -> Any:
    """Newest first. ``since`` and ``until`` are days in UTC, both included."""
    place = read_cursor(cursor)
    wanted = queries.Filters(
        channel=channel or "",
        project_id=project_id,
        party_id=party_id,
        answer=answer or "",
        since=_midnight(since),
        until=_midnight(until, days=1),
        text=q,
    )
    after = queries.Position(place[0], place[1]) if place and place[0] else None
    page = queries.interactions(_actor(request), wanted, after=after, limit=limit)
    return {"items": [_shown(one) for one in queries.with_tags(page.items)], "next": _next(page.after)}


def _midnight(day: dt.date | None, *, days: int = 0) -> dt.datetime | None:
    if day is None:
        return None
    try:
        return dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=days)
    except OverflowError:
        return dt.datetime.max.replace(tzinfo=dt.UTC)


def _next(position: queries.Position | None) -> str | None:
    return cursor(position.occurred_at, position.interaction_id) if position else None


@router.post("", response={201: InteractionOut}, summary="Log an interaction")
def log_interaction(request: HttpRequest, data: InteractionIn, response: HttpResponse) -> Any:
    """Save what was said, with who took part and kept files."""
    actor = _actor(request)
    sent = _usable(data.dict(exclude={"file_ids", "reply_to_id"}))
    answered = queries.interaction(actor, data.reply_to_id) if data.reply_to_id else None
    shown = _saved(
        actor,
        lambda: services.log_interaction(actor, **sent, files=data.file_ids, reply_to=answered),
        response,
    )
    response["Location"] = f"/api/v1/interactions/{shown['id']}"
    return Status(201, shown)


@router.get("/{interaction_id}", response={200: InteractionOut, 304: None}, summary="Read an interaction")
def read_interaction(request: HttpRequest, interaction_id: Id, response: HttpResponse) -> Any:
    """Reading a confidential one is in the history."""
    actor = _actor(request)
    interaction = queries.interaction(actor, interaction_id)
    response["ETag"] = etag(interaction.version)
    if not_modified(request, interaction.version):
        return Status(304, None)
    services.view_interaction(actor, interaction, how="api")
    return _shown(interaction)


@router.patch("/{interaction_id}", response=InteractionOut, summary="Change an interaction")
def change_interaction(
    request: HttpRequest, interaction_id: Id, data: InteractionPatch, response: HttpResponse
) -> Any:
    """Change what is sent. With If-Match the change is made only if nobody else came first (412)."""
    actor = _actor(request)
    interaction, sent = queries.interaction(actor, interaction_id), _usable(data.dict(exclude_unset=True))
    version = expected_version(request)
    return _saved(
        actor, lambda: services.change_interaction(actor, interaction, version=version, **sent), response
    )


@router.delete("/{interaction_id}", response={204: None}, summary="Delete an interaction")
def delete_interaction(request: HttpRequest, interaction_id: Id) -> Any:
    """It goes off every list, search and timeline; the history keeps it."""
    actor = _actor(request)
    interaction, version = queries.interaction(actor, interaction_id), expected_version(request)
    if version is not None and version != interaction.version:
        raise stale(interaction.version)
    services.delete_interaction(actor, interaction)
    return Status(204, None)


@router.post(
    "/{interaction_id}/restore", response=InteractionOut, summary="Undo the deletion of an interaction"
)
def restore_interaction(request: HttpRequest, interaction_id: Id, response: HttpResponse) -> Any:
    actor = _actor(request)
    gone = queries.interaction(actor, interaction_id, deleted=True)
    return _saved(actor, lambda: services.restore_interaction(actor, gone), response)
