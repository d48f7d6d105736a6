"""Cases for programs: what the pages do, within the same rights. The passphrase and the address for news never leave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.requests import StaffRequest
from enishi.cases import queries, services
from enishi.cases.models import Case, CasePause, CaseTie, CaseWord
from enishi.commitments import queries as commitments
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
from enishi.core.keyset import Position

router = Router(tags=["Cases"])

Title = Annotated[Text, Field(min_length=1, max_length=300)]
Short = Annotated[Text, Field(max_length=200)]
Long = Annotated[Text, Field(max_length=100_000)]
Code = Annotated[Text, Field(max_length=40)]
Level = Annotated[int, Field(ge=0, le=3)]
Step = Annotated[int, Field(ge=1, le=5)]


class CaseOut(Schema):
    """An enquiry, issue, grievance or incident. ``due_at`` is the nearer of what is still to be done; ``values`` are the
    fields of its kind by their codes. A case from whom nobody's name is known has neither ``party_id`` nor ``teller_name``.
    """

    id: int
    number: str
    kind: str
    project_id: int
    title: str
    text: str
    party_id: int | None
    anonymous: bool
    teller_name: str
    channel: str
    language: str
    place: str
    happened: str
    owner_id: int | None
    stage: str
    stage_at: dt.datetime
    priority: int | None
    impact: int | None
    root_cause: str
    outcome: str
    values: dict[str, Any]
    opened_at: dt.datetime
    acknowledge_by: dt.datetime | None
    acknowledged_at: dt.datetime | None
    resolve_by: dt.datetime | None
    due_at: dt.datetime | None
    look_again_at: dt.datetime | None
    paused_days: int
    closed_at: dt.datetime | None
    asked_at: dt.datetime | None
    satisfaction: int | None
    satisfaction_words: str
    appealed_at: dt.datetime | None
    appeal_words: str
    said_in_id: int | None
    quote: str
    confidentiality: int
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime


class CaseFields(Schema):
    text: Long = ""
    party_id: Id | None = None
    anonymous: bool = False
    teller_name: Short = ""
    teller_reach: Short = ""
    channel: Case.Channel = Case.Channel.OTHER
    language: Annotated[Text, Field(max_length=5)] = ""
    place: Short = ""
    happened: Short = ""
    owner_id: Id | None = None
    priority: Step | None = None
    impact: Step | None = None
    values: Annotated[dict[Code, Any], Field(max_length=50)] = {}


class CaseIn(CaseFields):
    """``kind`` is the code of a kind of case, such as grievance; its stages and times follow from it."""

    project_id: Id
    kind: Code
    title: Title
    confidentiality: Level | None = None


class CasePatch(CaseFields):
    """Only what is sent is changed; of ``values`` too, null empties one."""

    title: Title = ""
    root_cause: Long = ""
    outcome: Long = ""
    confidentiality: Level = 0


class MoveIn(Schema):
    """``to`` is the code of a stage: the next one, or an earlier one with the reason in ``note``."""

    to: Code
    note: Long = ""


class PauseIn(Schema):
    """For whom we wait, what for, and the day on which we look again."""

    waits_for: CasePause.For
    reason: Annotated[Text, Field(min_length=1, max_length=200)]
    look_on: dt.date


class WordIn(Schema):
    """A note for colleagues, or (``to`` them) a word that whoever raised the case reads with number and passphrase."""

    text: Annotated[Text, Field(min_length=1, max_length=100_000)]
    to: Literal["colleagues", "them"] = "colleagues"


class WordOut(Schema):
    id: int
    side: CaseWord.Side
    user_id: int | None
    text: str
    at: dt.datetime


class TieIn(Schema):
    kind: CaseTie.Kind
    id: Id


class TieOut(Schema):
    kind: CaseTie.Kind
    id: int


def _case(actor: Actor, case_id: int, right: str = services.EDIT) -> Case:
    case = queries.case(actor, case_id)
    actor.require(right, case)
    return case


def _found(actor: Actor, sent: dict[str, Any]) -> dict[str, Any]:
    """Replace ids by what they name, within the actor's rights."""
    found = dict(sent)
    lookups: dict[str, tuple[str, Callable[[int], Any]]] = {
        "project_id": ("project", lambda pk: accounts.project(actor, pk, services.EDIT)),
        "party_id": ("party", lambda pk: commitments.party(actor, pk)),
        "owner_id": ("owner", lambda pk: accounts.users().get(pk=pk)),
    }
    for name, (field, look_up) in lookups.items():
        if name in found:
            pk = found.pop(name)
            found[field] = None if pk is None else look_up(pk)
    return found


def _done(action: Callable[[], Any]) -> Any:
    """Run a service; its refusals become problems, what is missing one line each."""
    try:
        return action()
    except services.Conflict as conflict:
        raise stale(conflict.current) from None
    except services.Missing as missing:
        errors = [(f"needs.{need.code}", need.words) for need in missing.needs]
        raise Problem(422, "This cannot be done yet", str(missing), errors=errors) from None
    except services.CaseError as error:
        raise Problem(422, "This cannot be saved", errors=[(error.field or "body", str(error))]) from None


def _saved(action: Callable[[], Case], response: HttpResponse) -> Case:
    row: Case = _done(action)
    response["ETag"] = etag(row.version)
    return row


class Asked(Schema):
    state: Literal["open", "over", "closed", "all"] = "all"
    kind: Code = ""
    stage: Code = ""
    project_id: Id | None = None
    party_id: Id | None = None
    owner_id: Id | None = None
    q: Annotated[Text, Field(max_length=200)] = ""
    cursor: Annotated[str, Field(max_length=500)] = ""
    limit: Limit = PAGE


@router.get("", response=Page[CaseOut], summary="List cases")
def list_cases(request: StaffRequest, asked: Query[Asked]) -> Any:
    """Open ones by the time that is left, closed ones and all of them newest first."""
    wanted = queries.Filter(
        state=asked.state,
        kind=asked.kind,
        stage=asked.stage,
        project_id=asked.project_id,
        party_id=asked.party_id,
        owner_id=asked.owner_id,
        text=asked.q,
    )
    place = read_cursor(asked.cursor)
    after = None if place is None else Position(*place)
    page = queries.case_list(request.actor, wanted, after=after, limit=asked.limit)
    return {"items": page.rows, "next": cursor(page.after.moment, page.after.id) if page.after else None}


@router.post("", response={201: CaseOut}, summary="Open a case")
def open_case(request: StaffRequest, data: CaseIn, response: HttpResponse) -> Any:
    """It gets its number, and its clocks begin to run."""
    sent = _found(request.actor, data.dict())
    made = _saved(lambda: services.open_case(request.actor, **sent), response)
    response["Location"] = f"{request.path}/{made.pk}"
    return Status(201, made)


@router.get("/{case_id}", response={200: CaseOut, 304: None}, summary="Read a case")
def read_case(request: StaffRequest, case_id: Id, response: HttpResponse) -> Any:
    case = queries.case(request.actor, case_id)
    response["ETag"] = etag(case.version)
    return Status(304, None) if not_modified(request, case.version) else case


@router.patch("/{case_id}", response=CaseOut, summary="Change a case")
def change_case(request: StaffRequest, case_id: Id, data: CasePatch, response: HttpResponse) -> Any:
    """Change what is sent. With If-Match the change is made only if nobody else came first (412)."""
    case = _case(request.actor, case_id)
    sent, version = _found(request.actor, data.dict(exclude_unset=True)), expected_version(request)
    return _saved(lambda: services.change_case(request.actor, case, version, **sent), response)


@router.post("/{case_id}/acknowledge", response=CaseOut, summary="Say that they had a first word")
def acknowledge(request: StaffRequest, case_id: Id, response: HttpResponse) -> Any:
    case, version = _case(request.actor, case_id), expected_version(request)
    return _saved(lambda: services.acknowledge(request.actor, case, version=version), response)


@router.post("/{case_id}/move", response=CaseOut, summary="Bring a case to another stage")
def move_case(request: StaffRequest, case_id: Id, data: MoveIn, response: HttpResponse) -> Any:
    """The final stage closes it. What is still missing comes back as a problem (422), one line for each."""
    case, version = _case(request.actor, case_id), expected_version(request)
    return _saved(
        lambda: services.move_case(request.actor, case, to=data.to, note=data.note, version=version), response
    )


@router.post("/{case_id}/pause", response=CaseOut, summary="Pause the clock to the answer")
def pause_case(request: StaffRequest, case_id: Id, data: PauseIn, response: HttpResponse) -> Any:
    """The clock to a first word runs on."""
    case, version = _case(request.actor, case_id), expected_version(request)
    return _saved(lambda: services.pause(request.actor, case, version=version, **data.dict()), response)


@router.post("/{case_id}/resume", response=CaseOut, summary="Let the clock go on")
def resume_case(request: StaffRequest, case_id: Id, response: HttpResponse) -> Any:
    """The answer is promised later by the business days in which the clock stood still."""
    case, version = _case(request.actor, case_id), expected_version(request)
    return _saved(lambda: services.resume(request.actor, case, version=version), response)


@router.post("/{case_id}/reopen", response=CaseOut, summary="Open a closed case again")
def reopen_case(request: StaffRequest, case_id: Id, data: WordIn, response: HttpResponse) -> Any:
    """``text`` says why."""
    case, version = _case(request.actor, case_id), expected_version(request)
    return _saved(
        lambda: services.reopen_case(request.actor, case, note=data.text, version=version), response
    )


@router.get("/{case_id}/words", response=list[WordOut], summary="Read the talk of a case")
def list_words(request: StaffRequest, case_id: Id) -> Any:
    """Both sides and the notes, oldest first."""
    return queries.words_of(queries.case(request.actor, case_id))


@router.post("/{case_id}/words", response={201: WordOut}, summary="Say a word in a case")
def say_word(request: StaffRequest, case_id: Id, data: WordIn) -> Any:
    """The first word to them acknowledges the case."""
    case = _case(request.actor, case_id)
    speak = services.say if data.to == "them" else services.note
    return Status(201, _done(lambda: speak(request.actor, case, text=data.text)))


@router.get("/{case_id}/ties", response=list[TieOut], summary="What belongs to a case")
def list_ties(request: StaffRequest, case_id: Id) -> Any:
    """Promises, tasks, conversations and files that the token may see."""
    found = queries.tied(request.actor, queries.case(request.actor, case_id))
    listed = {
        CaseTie.Kind.PROMISE: found.promises,
        CaseTie.Kind.TASK: found.tasks,
        CaseTie.Kind.CONVERSATION: found.conversations,
        CaseTie.Kind.FILE: found.files,
    }
    return [{"kind": kind, "id": one.pk} for kind, rows in listed.items() for one in rows]


@router.post("/{case_id}/ties", response={201: TieOut}, summary="Tie something to a case")
def tie(request: StaffRequest, case_id: Id, data: TieIn) -> Any:
    """It becomes no less confidential than the case; a conversation raises the case instead."""
    case = _case(request.actor, case_id)
    _done(lambda: services.tie(request.actor, case, kind=data.kind, subject_id=data.id))
    return Status(201, {"kind": data.kind, "id": data.id})


@router.delete(
    "/{case_id}/ties/{kind}/{subject_id}", response={204: None}, summary="Untie something from a case"
)
def untie(request: StaffRequest, case_id: Id, kind: CaseTie.Kind, subject_id: Id) -> Any:
    """The thing itself stays."""
    case = _case(request.actor, case_id)
    services.untie(request.actor, case, kind=kind, subject_id=subject_id)
    return Status(204, None)
