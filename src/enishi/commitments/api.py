"""Promises and tasks for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries, services
from enishi.commitments.models import Contribution, Promise, Series, Task
from enishi.core import keyset
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
from enishi.core.money import Money

promises = Router(tags=["Promises"])
tasks = Router(tags=["Tasks"])

Title = Annotated[Text, Field(min_length=1, max_length=300)]
Long = Annotated[Text, Field(max_length=100_000)]
Level = Annotated[int, Field(ge=0, le=3)]
Amount = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)]
Currency = Annotated[str, Field(pattern="^([A-Z]{3})?$", description="ISO 4217, such as EUR")]
Moment = Annotated[dt.datetime, Field(description="With a time zone, from the year 1900 to 9000")]
Settled = Literal["kept", "broken", "waived"]
PromiseState = Literal["open", "late", "proof", "settled", "kept", "kept_late", "broken", "waived", "all"]
C = TypeVar("C", Promise, Task)
D = TypeVar("D", Promise, Task, Contribution)


class Asked(Schema):
    """What lists of promises and of tasks are both limited by."""

    project_id: Id | None = None
    party_id: Id | None = None
    owner_id: Id | None = None
    q: Annotated[Text, Field(max_length=200)] = ""
    cursor: Annotated[str, Field(max_length=500)] = ""
    limit: Limit = PAGE


class PromiseOut(Schema):
    """Who promised what to whom. ``said_in_id`` is the conversation it was said in, ``quote`` the words.

    An open promise with ``done_at`` waits for proof.
    """

    id: int
    project_id: int
    direction: str
    negative: bool
    title: str
    detail: str
    party_id: int | None
    owner_id: int | None
    due_at: dt.datetime | None
    started_at: dt.datetime | None
    done_at: dt.datetime | None
    state: str
    settled_at: dt.datetime | None
    outcome: str
    series_id: int | None
    said_in_id: int | None
    said_via: str
    said_at: dt.datetime | None
    quote: str
    amount: Decimal | None
    currency: str
    purpose: str
    for_people: int | None
    confidentiality: int
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime

    @staticmethod
    def resolve_amount(promise: Promise) -> Decimal | None:
        return promise.money.amount if promise.money else None


class TaskOut(Schema):
    id: int
    project_id: int
    title: str
    detail: str
    party_id: int | None
    owner_id: int | None
    promise_id: int | None
    due_at: dt.datetime | None
    done_at: dt.datetime | None
    series_id: int | None
    said_in_id: int | None
    quote: str
    confidentiality: int
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime


class CommonIn(Schema):
    title: Title
    detail: Long = ""
    party_id: Id | None = None
    owner_id: Id | None = None
    due_at: Moment | None = None
    confidentiality: Level | None = None


class Repeats(Schema):
    rule: Annotated[Text, Field(max_length=300, description="RRULE of RFC 5545, from due_at on")] = ""
    shift: Series.Shift = Series.Shift.BACKWARD


class Worth(Schema):
    """What it is worth, for what and for how many people; an amount needs its currency (ISO 4217)."""

    amount: Amount | None = None
    currency: Currency = ""
    purpose: Promise.Purpose | Literal[""] = ""
    for_people: Annotated[int, Field(ge=1, le=Promise.MOST_PEOPLE)] | None = None


class PromiseIn(CommonIn, Repeats, Worth):
    project_id: Id
    direction: Promise.Direction = Promise.Direction.OURS
    negative: bool = False
    quote: Long = ""


class PromisePatch(CommonIn, Worth):
    """Only what is sent is changed."""

    title: Title = ""
    direction: Promise.Direction = Promise.Direction.OURS
    negative: bool = False
    quote: Long = ""


class SettleIn(Schema):
    """Kept becomes kept late by itself when it was done after its date. Broken and waived need a reason in ``outcome``,
    and a promise that waits for proof needs one, here in words or added before, to be kept.
    """

    state: Settled
    outcome: Annotated[Text, Field(max_length=500)] = ""
    proof: Long = ""


class ContributionOut(Schema):
    """What was given of a promised amount, in the currency of the promise."""

    id: int
    promise_id: int
    day: dt.date
    amount: Decimal
    currency: str
    in_kind: bool
    note: str
    created_at: dt.datetime

    @staticmethod
    def resolve_amount(row: Contribution) -> Decimal:
        return row.money.amount


class ContributionIn(Schema):
    """Without a currency it is that of the promise; another one is refused."""

    day: dt.date
    amount: Amount
    currency: Currency = ""
    in_kind: bool = False
    note: Annotated[Text, Field(max_length=500)] = ""
    proof: Long = ""


class ContributionPatch(ContributionIn):
    """Only what is sent is changed; ``proof`` is added."""

    day: dt.date = dt.date(2000, 1, 1)
    amount: Amount = Decimal(1)


class TaskIn(CommonIn, Repeats):
    project_id: Id
    promise_id: Id | None = None


class TaskPatch(CommonIn):
    """Only what is sent is changed."""

    title: Title = ""
    promise_id: Id | None = None


def _found(actor: Actor, sent: dict[str, Any], row: Promise | Task | None = None) -> dict[str, Any]:
    """Replace ids by what they name, within the actor's rights; ``row`` is what is changed."""
    found = dict(sent)
    if {"amount", "currency"} & set(found):
        now = row.money if isinstance(row, Promise) else None
        amount = found.pop("amount", now and now.amount)
        currency = found.pop("currency", now.currency if now and amount is not None else "")
        found["money"] = _money(amount, currency)
    lookups: dict[str, tuple[str, Callable[[int], Any]]] = {
        "project_id": ("project", lambda pk: accounts.project(actor, pk, "commitments.edit")),
        "party_id": ("party", lambda pk: queries.party(actor, pk)),
        "owner_id": ("owner", lambda pk: accounts.users().get(pk=pk)),
        "promise_id": ("promise", lambda pk: queries.promise(actor, pk)),
    }
    for name, (field, look_up) in lookups.items():
        if name in found:
            pk = found.pop(name)
            found[field] = None if pk is None else look_up(pk)
    _check_moment(found.get("due_at"))
    return found


def _money(amount: Decimal | None, currency: str) -> Money | None:
    if amount is None and not currency:
        return None
    if amount is None or not currency:
        message = "Give an amount together with its currency, such as 5000 and EUR."
        raise Problem(422, "The request cannot be used", errors=[("amount", message)])
    return Money(amount, currency)


def _check_moment(moment: dt.datetime | None) -> None:
    if moment is not None and (moment.tzinfo is None or not 1900 <= moment.year <= 9000):
        message = "Give a moment with a time zone, such as 2026-11-30T18:00:00+09:00."
        raise Problem(422, "The request cannot be used", errors=[("due_at", message)])


def _saved(action: Callable[[], Any], response: HttpResponse) -> Any:
    """Run a service, turn its refusals into problems, give the new ETag."""
    row = _written(action)
    response["ETag"] = etag(row.version)
    return row


def _written(action: Callable[[], Any]) -> Any:
    """Run a service, and turn its refusals into problems."""
    try:
        return action()
    except services.Conflict as conflict:
        raise stale(conflict.current) from None
    except services.CommitmentError as error:
        field = {"proof_text": "proof", "money": "amount"}.get(error.field, error.field or "body")
        raise Problem(422, "This cannot be saved", errors=[(field, str(error))]) from None


def _given(sent: dict[str, Any], currency: str, amount: Decimal) -> dict[str, Any]:
    """What is given as the service takes it."""
    found = {"proof_text" if name == "proof" else name: value for name, value in sent.items()}
    if {"amount", "currency"} & set(found):
        found["money"] = Money(found.pop("amount", amount), found.pop("currency", "") or currency)
    return found


def _listed(request: StaffRequest, read: Callable[..., keyset.Page[Any]], asked: Asked, **also: Any) -> Any:
    wanted = queries.Filter(
        project_id=asked.project_id,
        party_id=asked.party_id,
        owner_ids=None if asked.owner_id is None else (asked.owner_id,),
        text=asked.q,
        **also,
    )
    place = read_cursor(asked.cursor)
    after = None if place is None else keyset.Position(*place)
    page = read(request.actor, wanted, after=after, limit=asked.limit)
    return {"items": page.rows, "next": cursor(page.after.moment, page.after.id) if page.after else None}


def _made(request: StaffRequest, data: CommonIn, response: HttpResponse, make: Callable[..., Any]) -> Any:
    sent = _found(request.actor, data.dict())
    made = _saved(lambda: make(request.actor, **sent), response)
    response["Location"] = f"{request.path}/{made.pk}"
    return Status(201, made)


def _read(request: StaffRequest, row: Promise | Task, response: HttpResponse) -> Any:
    response["ETag"] = etag(row.version)
    return Status(304, None) if not_modified(request, row.version) else row


def _changed(
    request: StaffRequest, row: C, data: CommonIn, response: HttpResponse, change: Callable[..., C]
) -> Any:
    sent, version = _found(request.actor, data.dict(exclude_unset=True), row), expected_version(request)
    return _saved(lambda: change(request.actor, row, version, **sent), response)


def _stepped(
    request: StaffRequest, row: C, response: HttpResponse, step: Callable[[Actor, C, int | None], C]
) -> Any:
    version = expected_version(request)
    return _saved(lambda: step(request.actor, row, version), response)


def _deleted(request: StaffRequest, row: D, delete: Callable[[Actor, D, int | None], Any]) -> Any:
    try:
        delete(request.actor, row, expected_version(request))
    except services.Conflict as conflict:
        raise stale(conflict.current) from None
    return Status(204, None)


@promises.get("", response=Page[PromiseOut], summary="List promises")
def list_promises(
    request: StaffRequest,
    asked: Query[Asked],
    state: PromiseState = "all",
    direction: Promise.Direction | None = None,
) -> Any:
    """Open promises by date, settled ones newest first."""
    return _listed(request, queries.ledger, asked, state=state, direction=direction or "")


@promises.post("", response={201: PromiseOut}, summary="Make a promise")
def make_promise(request: StaffRequest, data: PromiseIn, response: HttpResponse) -> Any:
    return _made(request, data, response, services.make_promise)


@promises.get("/{promise_id}", response={200: PromiseOut, 304: None}, summary="Read a promise")
def read_promise(request: StaffRequest, promise_id: Id, response: HttpResponse) -> Any:
    return _read(request, queries.promise(request.actor, promise_id), response)


@promises.patch("/{promise_id}", response=PromiseOut, summary="Change a promise")
def change_promise(request: StaffRequest, promise_id: Id, data: PromisePatch, response: HttpResponse) -> Any:
    """Change what is sent. With If-Match the change is made only if nobody else came first (412)."""
    promise = queries.promise(request.actor, promise_id)
    return _changed(request, promise, data, response, services.change_promise)


@promises.post("/{promise_id}/settle", response=PromiseOut, summary="Settle a promise")
def settle_promise(request: StaffRequest, promise_id: Id, data: SettleIn, response: HttpResponse) -> Any:
    """Say what became of it: kept (with proof in words), broken or waived."""
    promise, version = queries.promise(request.actor, promise_id), expected_version(request)
    return _saved(
        lambda: services.settle_promise(
            request.actor,
            promise,
            state=data.state,
            outcome=data.outcome,
            proof_text=data.proof,
            version=version,
        ),
        response,
    )


@promises.post("/{promise_id}/done", response=PromiseOut, summary="Report a promise done")
def report_done(request: StaffRequest, promise_id: Id, response: HttpResponse) -> Any:
    """It is done and the proof is to follow: it stays open until it is settled, judged by when it was done."""
    promise = queries.promise(request.actor, promise_id)
    return _stepped(request, promise, response, services.report_done)


@promises.post("/{promise_id}/reopen", response=PromiseOut, summary="Open a promise again")
def reopen_promise(request: StaffRequest, promise_id: Id, response: HttpResponse) -> Any:
    promise = queries.promise(request.actor, promise_id)
    return _stepped(request, promise, response, services.reopen_promise)


@promises.delete("/{promise_id}", response={204: None}, summary="Delete a promise made by mistake")
def delete_promise(request: StaffRequest, promise_id: Id) -> Any:
    """The history keeps the whole promise."""
    return _deleted(request, queries.promise(request.actor, promise_id), services.delete_promise)


@promises.get("/{promise_id}/contributions", response=list[ContributionOut], summary="List what was given")
def list_contributions(request: StaffRequest, promise_id: Id) -> Any:
    """What was given of the promised amount, oldest first."""
    return queries.contributions(request.actor, queries.promise(request.actor, promise_id))


@promises.post(
    "/{promise_id}/contributions", response={201: ContributionOut}, summary="Write down what was given"
)
def give(request: StaffRequest, promise_id: Id, data: ContributionIn, response: HttpResponse) -> Any:
    """With If-Match (of the promise) it is written only if nobody else came first (412)."""
    promise, version = queries.promise(request.actor, promise_id), expected_version(request)
    sent = _given(data.dict(), promise.currency, data.amount)
    return Status(201, _written(lambda: services.give(request.actor, promise, version=version, **sent)))


@promises.patch(
    "/contributions/{contribution_id}", response=ContributionOut, summary="Correct what was given"
)
def change_contribution(
    request: StaffRequest, contribution_id: Id, data: ContributionPatch, response: HttpResponse
) -> Any:
    row, version = queries.contribution(request.actor, contribution_id), expected_version(request)
    sent = _given(data.dict(exclude_unset=True), row.currency, row.amount)
    return _written(lambda: services.change_contribution(request.actor, row, version=version, **sent))


@promises.delete("/contributions/{contribution_id}", response={204: None}, summary="Take out what was given")
def remove_contribution(request: StaffRequest, contribution_id: Id) -> Any:
    """For what was written down by mistake; the history keeps it."""
    return _deleted(
        request, queries.contribution(request.actor, contribution_id), services.remove_contribution
    )


@tasks.get("", response=Page[TaskOut], summary="List tasks")
def list_tasks(
    request: StaffRequest,
    asked: Query[Asked],
    state: Literal["open", "late", "settled", "all"] = "all",
) -> Any:
    """Open tasks by date, done ones newest first."""
    return _listed(request, queries.task_list, asked, state=state)


@tasks.post("", response={201: TaskOut}, summary="Make a task")
def make_task(request: StaffRequest, data: TaskIn, response: HttpResponse) -> Any:
    return _made(request, data, response, services.make_task)


@tasks.get("/{task_id}", response={200: TaskOut, 304: None}, summary="Read a task")
def read_task(request: StaffRequest, task_id: Id, response: HttpResponse) -> Any:
    return _read(request, queries.task(request.actor, task_id), response)


@tasks.patch("/{task_id}", response=TaskOut, summary="Change a task")
def change_task(request: StaffRequest, task_id: Id, data: TaskPatch, response: HttpResponse) -> Any:
    return _changed(request, queries.task(request.actor, task_id), data, response, services.change_task)


@tasks.post("/{task_id}/finish", response=TaskOut, summary="Tick a task off")
def finish_task(request: StaffRequest, task_id: Id, response: HttpResponse) -> Any:
    return _stepped(request, queries.task(request.actor, task_id), response, services.finish_task)


@tasks.post("/{task_id}/reopen", response=TaskOut, summary="Open a task again")
def reopen_task(request: StaffRequest, task_id: Id, response: HttpResponse) -> Any:
    return _stepped(request, queries.task(request.actor, task_id), response, services.reopen_task)


@tasks.delete("/{task_id}", response={204: None}, summary="Delete a task")
def delete_task(request: StaffRequest, task_id: Id) -> Any:
    return _deleted(request, queries.task(request.actor, task_id), services.delete_task)
