"""The plan for programs: its lines, and the times of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status

from enishi.accounts import queries as accounts
from enishi.accounts.requests import StaffRequest
from enishi.conversations.models import Interaction
from enishi.core.api import PAGE, Id, Limit, Page, Text
from enishi.engagement import queries, services
from enishi.engagement.api.answers import after, page, saved
from enishi.engagement.models import Method, PlanStep
from enishi.engagement.services.rules import PLAN, VIEW

plan = Router(tags=["Engagement plan"])
steps = Router(tags=["Engagement plan"])


class LineOut(Schema):
    """That a stakeholder, or everybody with a tag, is heard or told: how, by whom, once or by a rule."""

    id: int
    project_id: int
    party_id: int | None
    tag_id: int | None
    aim: str
    method: str
    channel: str
    owner_id: int | None
    starts_on: dt.date
    rule: str
    ended_at: dt.datetime | None
    confidentiality: int
    created_at: dt.datetime


class LineIn(Schema):
    """Either ``party_id`` or ``tag_id``."""

    project_id: Id
    party_id: Id | None = None
    tag_id: Id | None = None
    aim: Annotated[Text, Field(min_length=1, max_length=300)]
    method: Method
    channel: Interaction.Channel | None = None
    owner_id: Id | None = None
    starts_on: dt.date
    rule: Annotated[Text, Field(max_length=300, description="RRULE of RFC 5545, from starts_on on")] = ""


class StepOut(Schema):
    """One time of a line. ``interaction_id`` is the conversation that fulfilled it."""

    id: int
    line_id: int
    due_on: dt.date
    state: str
    done_on: dt.date | None
    interaction_id: int | None
    note: str


class DoneIn(Schema):
    """By a conversation, or on a day in some other way; without both: today."""

    interaction_id: Id | None = None
    done_on: dt.date | None = None
    note: Annotated[Text, Field(max_length=300)] = ""


class LeftIn(Schema):
    note: Annotated[Text, Field(max_length=300)] = ""


class LinesAsked(Schema):
    project_id: Id | None = None
    party_id: Id | None = None
    ended: bool | None = None
    cursor: Annotated[str, Field(max_length=500)] = ""
    limit: Limit = PAGE


class StepsAsked(Schema):
    """``since`` and ``until`` are days for which it was planned."""

    project_id: Id | None = None
    party_id: Id | None = None
    line_id: Id | None = None
    state: PlanStep.State | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    cursor: Annotated[str, Field(max_length=500)] = ""
    limit: Limit = PAGE


@plan.get("", response=Page[LineOut], summary="List what is planned")
def list_lines(request: StaffRequest, asked: Query[LinesAsked]) -> Any:
    """Newest first."""
    request.actor.require(VIEW)
    wanted = asked.dict(exclude={"cursor"})
    return page(queries.line_list(request.actor, after=after(asked.cursor), **wanted), asked.limit)


@plan.post("", response={201: LineOut}, summary="Plan an engagement")
def make_line(request: StaffRequest, data: LineIn, response: HttpResponse) -> Any:
    """Its times of the next three months are made with it."""
    actor = request.actor
    project = accounts.project(actor, data.project_id, PLAN)
    party = None if data.party_id is None else queries.stakeholder(actor, project.pk, data.party_id)
    tag = None if data.tag_id is None else queries.tags_of(actor, project.pk).get(pk=data.tag_id)
    owner = None if data.owner_id is None else accounts.users().get(pk=data.owner_id)
    given = data.dict(include={"aim", "method", "starts_on", "rule"})
    made, _entry = saved(
        lambda: services.plan(
            actor, project=project, party=party, tag=tag, owner=owner, channel=data.channel or "", **given
        )
    )
    response["Location"] = f"{request.path}/{made.pk}"
    return Status(201, made)


@plan.get("/{line_id}", response=LineOut, summary="Read a line of the plan")
def read_line(request: StaffRequest, line_id: Id) -> Any:
    return queries.line(request.actor, line_id)


@plan.post("/{line_id}/end", response=LineOut, summary="Plan no more of it")
def end_line(request: StaffRequest, line_id: Id) -> Any:
    """What was done stays, what is open to come goes."""
    saved(lambda: services.end_line(request.actor, queries.line(request.actor, line_id)))
    return queries.line(request.actor, line_id)


@steps.get("", response=Page[StepOut], summary="List the times of the plan")
def list_steps(request: StaffRequest, asked: Query[StepsAsked]) -> Any:
    """Newest first."""
    request.actor.require(VIEW)
    wanted = asked.dict(exclude={"cursor"})
    return page(queries.step_list(request.actor, after=after(asked.cursor), **wanted), asked.limit)


@steps.get("/{plan_step_id}", response=StepOut, summary="Read one time of the plan")
def read_step(request: StaffRequest, plan_step_id: Id) -> Any:
    return queries.step(request.actor, plan_step_id)


def _settled(request: StaffRequest, plan_step_id: int, settle: Callable[[PlanStep], Any]) -> PlanStep:
    saved(lambda: settle(queries.step(request.actor, plan_step_id)))
    return queries.step(request.actor, plan_step_id)


@steps.post("/{plan_step_id}/done", response=StepOut, summary="Say that it is done")
def done(request: StaffRequest, plan_step_id: Id, data: DoneIn) -> Any:
    actor = request.actor

    def fulfil(step: PlanStep) -> Any:
        talk = None if data.interaction_id is None else queries.talk(actor, step, data.interaction_id)
        return services.fulfil(actor, step, interaction=talk, done_on=data.done_on, note=data.note)

    return _settled(request, plan_step_id, fulfil)


@steps.post("/{plan_step_id}/leave-out", response=StepOut, summary="Say that it is left out")
def leave_out(request: StaffRequest, plan_step_id: Id, data: LeftIn) -> Any:
    return _settled(
        request, plan_step_id, lambda step: services.leave_out(request.actor, step, note=data.note)
    )


@steps.post("/{plan_step_id}/reopen", response=StepOut, summary="Let it be open again")
def reopen(request: StaffRequest, plan_step_id: Id) -> Any:
    return _settled(request, plan_step_id, lambda step: services.reopen_step(request.actor, step))
