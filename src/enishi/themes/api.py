"""Themes and marked passages for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from ninja import Field, Router, Schema, Status

from enishi.accounts.requests import StaffRequest
from enishi.conversations import queries as conversations
from enishi.core.api import PAGE, Id, Limit, Page, Problem, Text, cursor, read_cursor
from enishi.themes import queries, services
from enishi.themes.models import Passage, Theme

themes = Router(tags=["Themes"])
passages = Router(tags=["Themes"])

FeelingValue = Annotated[
    int, Field(ge=1, le=5, description="1 angry, 2 worried, 3 neutral, 4 content, 5 delighted")
]


class ThemeOut(Schema):
    """A theme; ``path`` is its whole way down the tree. Without ``project_id`` it belongs to all projects."""

    id: int
    name: str
    path: str
    parent_id: int | None
    project_id: int | None
    meaning: str
    archived_at: dt.datetime | None


class SpokenOut(Schema):
    """Passages of a theme and all below it in a period and in the one before; ``feelings`` from angry to delighted."""

    theme_id: int
    path: str
    count: int
    before: int
    feelings: list[int]


class FiguresOut(Schema):
    since: dt.datetime
    until: dt.datetime
    total: int
    before: int
    feelings: list[int]
    themes: list[SpokenOut]


class PassageOut(Schema):
    """Marked words of an interaction, by characters of its text at the time of marking."""

    id: int
    interaction_id: int
    start: int
    end: int
    quote: str
    theme_ids: list[int]
    feeling: int | None
    party_id: int | None
    marked_by_id: int | None
    marked_at: dt.datetime


class MarkFields(Schema):
    theme_ids: Annotated[list[Id], Field(max_length=50)] = []
    new_theme: Annotated[Text, Field(max_length=80)] = ""
    feeling: FeelingValue | None = None
    party_id: Id | None = None


class MarkIn(MarkFields):
    interaction_id: Id
    start: Annotated[int, Field(ge=0, le=2_000_000)]
    end: Annotated[int, Field(ge=1, le=2_000_000)]


class OverallOut(Schema):
    """How an interaction felt as a whole: to one who took part, or, without ``party_id``, to all."""

    interaction_id: int
    party_id: int | None
    feeling: int


class OverallIn(Schema):
    interaction_id: Id
    party_id: Id | None = None
    feeling: FeelingValue | None = None


def _shown(said: queries.Said) -> dict[str, Any]:
    row = said.mark
    return {
        "id": row.pk,
        "interaction_id": row.interaction_id,
        "start": row.start,
        "end": row.end,
        "quote": row.quote,
        "theme_ids": [theme.pk for theme in said.themes],
        "feeling": row.feeling,
        "party_id": said.party.pk if said.party else None,
        "marked_by_id": row.user_id,
        "marked_at": row.marked_at,
    }


def _saved(request: StaffRequest, action: Callable[[], Passage]) -> dict[str, Any]:
    try:
        row = action()
    except services.ThemeError as error:
        raise Problem(
            422, "The passage cannot be marked", errors=[(error.field or "body", str(error))]
        ) from None
    return _shown(queries.passage(request.actor, row.pk))


@themes.get("", response=list[ThemeOut], summary="List themes")
def list_themes(request: StaffRequest) -> Any:
    """Every theme in tree order, those put away last."""
    actor = request.actor
    actor.require("conversations.view")
    return [branch.theme for branch in queries.branches(actor)]


@themes.get("/figures", response=FiguresOut, summary="What is spoken about")
def read_figures(
    request: StaffRequest,
    project_id: Id | None = None,
    party_id: Id | None = None,
    weeks: Annotated[int, Field(ge=1, le=520)] = 12,
) -> Any:
    """Passages by theme in the last weeks and in as many before, within the rights of the token."""
    actor = request.actor
    actor.require("conversations.view")
    period = queries.Period.last_weeks(weeks)
    filters = queries.Filters(project_id=project_id, party_id=party_id)
    figures = queries.spoken(actor, filters, period)
    rows = [
        {
            "theme_id": row.theme.pk,
            "path": row.theme.path,
            "count": row.count,
            "before": row.before,
            "feelings": row.feelings,
        }
        for row in figures.rows
    ]
    return {
        "since": period.since,
        "until": period.until,
        "total": figures.total,
        "before": figures.before,
        "feelings": figures.feelings,
        "themes": rows,
    }


@passages.get("", response=Page[PassageOut], summary="List marked passages")
def list_passages(
    request: StaffRequest,
    theme_id: Id | None = None,
    project_id: Id | None = None,
    party_id: Id | None = None,
    feeling: FeelingValue | None = None,
    cursor: Annotated[str, Field(max_length=500)] = "",
    limit: Limit = PAGE,
) -> Any:
    """Those of the newest interaction first. ``theme_id`` includes the themes below it."""
    actor = request.actor
    actor.require("conversations.view")
    theme: Theme | None = queries.theme(actor, theme_id) if theme_id else None
    filters = queries.Filters(theme=theme, project_id=project_id, party_id=party_id, feeling=feeling)
    place = read_cursor(cursor)
    after = (place[0], place[1]) if place and place[0] else None
    rows, following = queries.passages(actor, filters, after=after, limit=limit)
    return {"items": [_shown(one) for one in rows], "next": _next(following)}


def _next(place: tuple[dt.datetime, int] | None) -> str | None:
    return cursor(*place) if place else None


@passages.post("", response={201: PassageOut}, summary="Mark a passage")
def mark_passage(request: StaffRequest, data: MarkIn) -> Any:
    """Say what was meant in some words; words that are marked already get what is said now."""
    actor = request.actor
    talk = conversations.interaction(actor, data.interaction_id)
    given = data.dict(exclude={"interaction_id", "start", "end"})
    return Status(
        201,
        _saved(request, lambda: services.mark_passage(actor, talk, data.start, data.end, **given)),
    )


@passages.put("/overall", response={200: OverallOut, 204: None}, summary="Say how an interaction felt")
def judge_overall(request: StaffRequest, data: OverallIn) -> Any:
    """As a whole, to all or to one who took part. Without ``feeling`` the judgement is taken back."""
    actor = request.actor
    talk = conversations.interaction(actor, data.interaction_id)
    try:
        said = services.judge_overall(actor, talk, feeling=data.feeling, party_id=data.party_id)
    except services.ThemeError as error:
        raise Problem(422, "This cannot be said", errors=[(error.field or "body", str(error))]) from None
    return said if said is not None else Status(204, None)


@passages.get("/{passage_id}", response=PassageOut, summary="Read a marked passage")
def read_passage(request: StaffRequest, passage_id: Id) -> Any:
    return _shown(queries.passage(request.actor, passage_id))


@passages.put("/{passage_id}", response=PassageOut, summary="Change the mark of a passage")
def change_passage(request: StaffRequest, passage_id: Id, data: MarkFields) -> Any:
    """Say something else of words that are marked."""
    actor = request.actor
    return _saved(request, lambda: services.change_passage(actor, passage_id, **data.dict()))


@passages.delete("/{passage_id}", response={204: None}, summary="Take the mark off a passage")
def unmark_passage(request: StaffRequest, passage_id: Id) -> Any:
    services.unmark_passage(request.actor, passage_id)
    return Status(204, None)
