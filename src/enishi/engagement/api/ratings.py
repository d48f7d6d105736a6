"""Ratings of stakeholders for programs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status

from enishi.accounts import queries as accounts
from enishi.accounts.requests import StaffRequest
from enishi.core.api import PAGE, Id, Limit, Page, Text
from enishi.engagement import queries, services
from enishi.engagement.api.answers import after, page, saved
from enishi.engagement.services.rules import VIEW

ratings = Router(tags=["Stakeholders"])

Five = Annotated[int, Field(ge=1, le=5)]
Attitude = Annotated[int, Field(ge=-2, le=2, description="-2 opposed to 2 supportive; null: not known")]


class RatingOut(Schema):
    """How a stakeholder is judged in a project from a day on, until the next rating."""

    id: int
    project_id: int
    party_id: int
    rated_on: dt.date
    impact: int
    interest: int
    influence: int
    position: int | None
    reason: str
    user_id: int | None
    confidentiality: int
    created_at: dt.datetime


class RatingIn(Schema):
    """``instead_of``: the rating of the same day that this one corrects."""

    project_id: Id
    party_id: Id
    impact: Five
    interest: Five
    influence: Five
    position: Attitude | None = None
    reason: Annotated[Text, Field(max_length=500)] = ""
    rated_on: dt.date | None = None
    instead_of: Id | None = None


class Asked(Schema):
    """What a list of ratings is limited by."""

    project_id: Id | None = None
    party_id: Id | None = None
    on: dt.date | None = None
    cursor: Annotated[str, Field(max_length=500)] = ""
    limit: Limit = PAGE


@ratings.get("", response=Page[RatingOut], summary="List ratings of stakeholders")
def list_ratings(request: StaffRequest, asked: Query[Asked]) -> Any:
    """Newest first; with ``on`` only those that held on that day."""
    request.actor.require(VIEW)
    wanted = asked.dict(exclude={"cursor"})
    return page(queries.rating_list(request.actor, after=after(asked.cursor), **wanted), asked.limit)


@ratings.post("", response={201: RatingOut}, summary="Rate a stakeholder")
def rate(request: StaffRequest, data: RatingIn, response: HttpResponse) -> Any:
    """A new row from its day on; the ratings before stay. Whoever was rated before needs a reason."""
    project = accounts.project(request.actor, data.project_id)
    party = queries.stakeholder(request.actor, project.pk, data.party_id)
    made, _entry = saved(
        lambda: services.rate(
            request.actor,
            project=project,
            party=party,
            judgement=services.Judgement(data.impact, data.interest, data.influence, data.position),
            reason=data.reason,
            rated_on=data.rated_on,
            instead_of=data.instead_of,
        ),
        conflict=422,
    )
    response["Location"] = f"{request.path}/{made.pk}"
    return Status(201, made)


@ratings.get("/{rating_id}", response=RatingOut, summary="Read a rating")
def read_rating(request: StaffRequest, rating_id: Id) -> Any:
    return queries.by_id(request.actor, rating_id)


@ratings.delete("/{rating_id}", response={204: None}, summary="Take a rating back that was a mistake")
def withdraw(request: StaffRequest, rating_id: Id) -> Any:
    """What held before holds again; the history keeps the rating."""
    services.withdraw_rating(request.actor, queries.by_id(request.actor, rating_id))
    return Status(204, None)
