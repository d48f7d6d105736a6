"""Files given, for programs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status

from enishi.accounts.requests import StaffRequest
from enishi.core.api import PAGE, Id, Limit, Page, Problem, Text
from enishi.engagement import queries, services
from enishi.engagement.api.answers import after, page, saved
from enishi.engagement.models import Handout
from enishi.engagement.services.rules import VIEW

handouts = Router(tags=["Files given"])


class HandoutOut(Schema):
    """That somebody was given a version of a file; ``party_id`` null: it was published."""

    id: int
    project_id: int
    file_id: int = Field(alias="version.file_id")
    version: int = Field(alias="version.number")
    party_id: int | None
    how: str
    given_on: dt.date
    note: str
    user_id: int | None
    confidentiality: int
    created_at: dt.datetime


class HandoutIn(Schema):
    """``version``: its number; without one the newest. ``published`` goes with no ``party_id``."""

    file_id: Id
    version: Id | None = None
    party_id: Id | None = None
    how: Handout.How
    given_on: dt.date | None = None
    note: Annotated[Text, Field(max_length=300)] = ""


class Asked(Schema):
    project_id: Id | None = None
    file_id: Id | None = None
    party_id: Id | None = None
    cursor: Annotated[str, Field(max_length=500)] = ""
    limit: Limit = PAGE


@handouts.get("", response=Page[HandoutOut], summary="List files given")
def list_handouts(request: StaffRequest, asked: Query[Asked]) -> Any:
    """What was written down as given, newest first. What went out as an attachment stands at its interaction."""
    request.actor.require(VIEW)
    wanted = asked.dict(exclude={"cursor"})
    return page(queries.handout_list(request.actor, after=after(asked.cursor), **wanted), asked.limit)


@handouts.post("", response={201: HandoutOut}, summary="Write down that a file was given")
def give(request: StaffRequest, data: HandoutIn, response: HttpResponse) -> Any:
    actor = request.actor
    file = queries.file_to_give(actor, data.file_id)
    known = {one.number: one for one in queries.versions_of([file.pk])}
    version = known.get(data.version or max(known))
    if version is None:
        raise Problem(422, "This cannot be saved", errors=[("version", "The file has no such version.")])
    party = None if data.party_id is None else queries.party_to_give(actor, data.party_id)
    made, _entry = saved(
        lambda: services.give(
            actor, version=version, party=party, how=data.how, given_on=data.given_on, note=data.note
        )
    )
    response["Location"] = f"{request.path}/{made.pk}"
    return Status(201, made)


@handouts.get("/{handout_id}", response=HandoutOut, summary="Read about a file given")
def read_handout(request: StaffRequest, handout_id: Id) -> Any:
    return queries.handout(request.actor, handout_id)


@handouts.delete("/{handout_id}", response={204: None}, summary="Remove what was written down by mistake")
def take_back(request: StaffRequest, handout_id: Id) -> Any:
    """The history keeps it."""
    services.take_back(request.actor, queries.handout(request.actor, handout_id))
    return Status(204, None)
