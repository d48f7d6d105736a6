"""The ledger: lists of promises and tasks by time, the board, single records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.db.models import Count, F, Prefetch, Q, QuerySet, Window
from django.db.models.functions import Least, RowNumber
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Level, ScopedQuerySet
from enishi.accounts.prepared import prepared
from enishi.commitments.models import Promise, Proof, Series, Task
from enishi.commitments.queries.edges import GROUPS, OPEN, TO_DO, UNPROVEN, edges, midnight
from enishi.content.models import File
from enishi.core import clock
from enishi.core.keyset import Page, Position, paged
from enishi.search.models import Kind
from enishi.search.queries import matching, readable

PAGE = 50
COLUMN = 20
STATES = {
    "open": OPEN,
    "waiting": TO_DO & Q(started_at__isnull=True),
    "doing": TO_DO & Q(started_at__isnull=False),
    "proof": UNPROVEN,
    "settled": ~OPEN,
    "missed": ~Q(state=Promise.State.KEPT),
    **{state: Q(state=state) for state in ("kept", "kept_late", "broken", "waived")},
}
KINDS = {
    "repeats": Q(series__isnull=False),
    "duty": Q(duty__isnull=False),
    "negative": Q(negative=True),
    "amount": Q(amount__isnull=False),
}
COLUMNS = {
    "waiting": _("Open"),
    "doing": _("Being done"),
    "proof": _("Waits for proof"),
    "kept": _("Kept"),
    "kept_late": _("Kept late"),
    "broken": _("Broken"),
    "waived": _("Waived"),
}

R = TypeVar("R", Promise, Task)


@dataclass(frozen=True)
class Filter:
    """Which promises or tasks; what is left empty does not limit. ``owner_ids`` of nobody finds nothing."""

    state: str = "open"
    direction: str = ""
    kind: str = ""
    owner_ids: tuple[int, ...] | None = None
    party_id: int | None = None
    project_id: int | None = None
    due_from: dt.date | None = None
    due_until: dt.date | None = None
    decided_from: dt.date | None = None
    decided_until: dt.date | None = None
    text: str = ""


def grouped(rows: Iterable[R]) -> list[tuple[str, Any, list[R]]]:
    """Rows of a page under their headings of time: code, words, rows."""
    limits = edges()
    found: dict[str, list[R]] = {}
    for row in rows:
        found.setdefault(limits.group(row), []).append(row)
    return [(code, words, found[code]) for code, words in GROUPS.items() if code in found]


@dataclass(frozen=True)
class Column:
    """One column of the board: its first cards and how many there are in all."""

    code: str
    label: Any
    rows: Sequence[Promise]
    total: int = 0

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def _limited(found: ScopedQuerySet[R], filters: Filter, actor: Actor, kind: str) -> ScopedQuerySet[R]:
    """What promises and tasks are both filtered by."""
    if filters.owner_ids is not None:
        found = found.filter(owner__in=filters.owner_ids)
    if filters.party_id is not None:
        found = found.filter(party_id=filters.party_id)
    if filters.project_id is not None:
        found = found.filter(project_id=filters.project_id)
    if filters.due_from is not None:
        found = found.filter(due_at__gte=midnight(filters.due_from))
    if filters.due_until is not None:
        found = found.filter(due_at__lt=midnight(filters.due_until + dt.timedelta(days=1)))
    if filters.text.strip():
        documents = matching(readable(actor, [kind]), filters.text)
        found = found.none() if documents is None else found.filter(pk__in=documents.values("subject_id"))
    return found


def decided(found: ScopedQuerySet[Promise]) -> Any:
    """Our promises of these that count for the kept rate, with when it was decided: settled or due, whichever came first.

    Waived ones do not count; what was done in time and waits for proof is not decided yet.
    """
    return (
        found.filter(direction=Promise.Direction.OURS)
        .exclude(state=Promise.State.WAIVED)
        .exclude(UNPROVEN, Q(due_at__gte=F("done_at")) | Q(negative=True))
        .annotate(decided_at=Least("due_at", "settled_at"))
    )


def promises(actor: Actor, filters: Filter) -> ScopedQuerySet[Promise]:
    """The promises that the actor may see and the filter wants, in no order."""
    found = Promise.objects.visible_to(actor)
    if filters.state == "late":
        found = found.filter(TO_DO, due_at__lt=clock.now())
    elif filters.state in STATES:
        found = found.filter(STATES[filters.state])
    if filters.direction:
        found = found.filter(direction=filters.direction)
    if filters.kind in KINDS:
        found = found.filter(KINDS[filters.kind])
    if filters.decided_from is not None and filters.decided_until is not None:
        end = midnight(filters.decided_until + dt.timedelta(days=1))
        found = decided(found).filter(
            decided_at__gte=midnight(filters.decided_from), decided_at__lt=end, decided_at__lte=clock.now()
        )
    return _limited(found, filters, actor, Kind.PROMISE)


def tasks(actor: Actor, filters: Filter) -> ScopedQuerySet[Task]:
    """The tasks that the actor may see and the filter wants, in no order. State: open, late, settled or all."""
    found = Task.objects.visible_to(actor)
    if filters.state == "settled":
        found = found.filter(done_at__isnull=False)
    elif filters.state != "all":
        found = found.filter(done_at__isnull=True)
    if filters.state == "late":
        found = found.filter(due_at__lt=clock.now())
    if filters.kind == "repeats":
        found = found.filter(series__isnull=False)
    return _limited(found, filters, actor, Kind.TASK)


def is_settled(filters: Filter) -> bool:
    """Whether such a list is of what is over: then the newest stands first."""
    return filters.state in {"settled", "kept", "kept_late", "broken", "waived"}


def ledger(
    actor: Actor,
    filters: Filter,
    *,
    after: Position | None = None,
    before: Position | None = None,
    limit: int = PAGE,
) -> Page[Promise]:
    """One page of promises: open ones by date, settled ones newest first."""
    found = promises(actor, filters).select_related("party", "owner", "project", "series")
    over = is_settled(filters)
    return paged(
        found, "settled_at" if over else "due_at", newest_first=over, after=after, before=before, limit=limit
    )


def task_list(
    actor: Actor,
    filters: Filter,
    *,
    after: Position | None = None,
    before: Position | None = None,
    limit: int = PAGE,
) -> Page[Task]:
    """One page of tasks: open ones by date, done ones newest first."""
    found = tasks(actor, filters).select_related("party", "owner", "project", "promise", "series")
    over = is_settled(filters)
    return paged(
        found, "done_at" if over else "due_at", newest_first=over, after=after, before=before, limit=limit
    )


def group_totals(actor: Actor, filters: Filter) -> dict[str, int]:
    """How many stand under each heading of the whole list, in one query."""
    limits = edges()
    return promises(actor, filters).aggregate(
        **{code: Count("pk", filter=limits.condition(code)) for code in GROUPS}
    )


def board(actor: Actor, filters: Filter, *, limit: int = COLUMN) -> list[Column]:
    """The columns of the board with the totals of each; open ones by date, settled ones newest first."""
    whole = replace(filters, state="all")
    totals = promises(actor, whole).aggregate(**{code: Count("pk", filter=STATES[code]) for code in COLUMNS})
    return [
        Column(code, label, ledger(actor, replace(filters, state=code), limit=limit).rows, totals[code])
        for code, label in COLUMNS.items()
    ]


def promise(actor: Actor, promise_id: int) -> Promise:
    """One promise with what its page and forms need; raises Promise.DoesNotExist."""
    return (
        Promise.objects.visible_to(actor)
        .select_related("party", "owner", "project", "series", "settled_by", "duty__source")
        .get(pk=promise_id)
    )


def task(actor: Actor, task_id: int) -> Task:
    """One task with what its page and forms need; raises Task.DoesNotExist."""
    return (
        Task.objects.visible_to(actor)
        .select_related("party", "owner", "project", "series", "promise")
        .get(pk=task_id)
    )


def series(actor: Actor, series_id: int) -> Series:
    return Series.objects.visible_to(actor).select_related("project").get(pk=series_id)


def proofs(actor: Actor, promise: Promise) -> QuerySet[Proof]:
    """What proves a promise, oldest first; files that the actor may not read are left out of their proof."""
    files = File.objects.visible_to(actor).filter(deleted_at__isnull=True)
    return (
        promise.proofs.select_related("user")
        .prefetch_related(Prefetch("file", queryset=files))
        .order_by("created_at", "id")
    )


class Proving:
    """The files that prove promises, by whose these are."""

    def files(self, people: Collection[int]) -> QuerySet[Any, Any]:
        return Proof.objects.filter(promise__owner__in=sorted(people), file__isnull=False).values("file")

    def owners(self, file_id: int) -> set[int]:
        found = Proof.objects.filter(file=file_id, promise__owner__isnull=False)
        return set(found.values_list("promise__owner", flat=True))


def tasks_of(actor: Actor, promise: Promise) -> ScopedQuerySet[Task]:
    """The tasks that serve a promise: open ones first."""
    return (
        Task.objects.visible_to(actor)
        .filter(promise=promise)
        .select_related("owner")
        .order_by("done_at", "due_at", "id")
    )


@dataclass(frozen=True)
class Runs:
    """The last and next times of something that repeats, and what became of them."""

    series: Series
    times: Sequence[Promise]

    @property
    def next(self) -> Promise:
        """The time that comes next, or the last one where none comes."""
        return self.times[-1]

    @property
    def in_time(self) -> int:
        return sum(time.state == Promise.State.KEPT for time in self.times)

    @property
    def not_in_time(self) -> int:
        return sum(time.sign in {"kept_late", "broken", "late"} for time in self.times)


def runs(actor: Actor, series_ids: Iterable[int], *, last: int = 10) -> dict[int, Runs]:
    """The last times of each series and its next one, oldest first, ten in all; two queries for any number of series."""
    now = clock.now()
    times = Promise.objects.visible_to(actor).filter(series__in=list(series_ids)).select_related("series")
    nth = Window(RowNumber(), partition_by="series", order_by=F("due_at").desc())
    past = times.filter(due_at__lt=now).annotate(nth=nth).filter(nth__lt=last).order_by("due_at")
    following = times.filter(due_at__gte=now).order_by("series", "due_at").distinct("series")
    found: dict[int, list[Promise]] = {}
    for row in [*past, *following]:
        assert row.series_id is not None
        found.setdefault(row.series_id, []).append(row)
    return {
        series_id: Runs(rows[0].series, rows)
        for series_id, rows in found.items()
        if rows[0].series is not None
    }


def repeating(actor: Actor, filters: Filter, *, limit: int = 5) -> list[Runs]:
    """What repeats and is not ended, by its next date, with its last times."""
    found = promises(actor, replace(filters, state="open", kind="repeats")).filter(
        series__ended_at__isnull=True
    )
    following = found.order_by("due_at", "id").values_list("series", flat=True)[: limit * 12]
    ids = list(dict.fromkeys(following))[:limit]
    by_series = runs(actor, ids)
    return [by_series[series_id] for series_id in ids if series_id in by_series]


@prepared
def open_of_parties(actor: Actor, party_ids: list[int]) -> QuerySet[Promise]:
    """Open promises to or from these people, by date."""
    found = Promise.objects.visible_to(actor).filter(party__among=party_ids, state=Promise.State.OPEN)
    return found.select_related("party", "owner").order_by("due_at", "id")


@prepared
def open_tasks_of_parties(actor: Actor, party_ids: list[int]) -> QuerySet[Task]:
    """Open tasks about these people, by date."""
    found = Task.objects.visible_to(actor).filter(party__among=party_ids, done_at__isnull=True)
    return found.select_related("party", "owner").order_by("due_at", "id")


def quoted(actor: Actor, party_ids: Collection[int], *, each: int = 3) -> list[Promise]:
    """Of each person a few promises with the words they were made in and who heard them: open ones first, then the newest.

    None of them is confidential.
    """
    nth = Window(
        RowNumber(),
        partition_by="party",
        order_by=[F("settled_at").desc(nulls_first=True), F("said_at").desc(nulls_last=True), F("id").desc()],
    )
    found = Promise.objects.visible_to(actor).filter(
        party__in=list(party_ids), said_in_id__isnull=False, confidentiality__lt=Level.CONFIDENTIAL
    )
    return list(found.exclude(quote="").annotate(nth=nth).filter(nth__lte=each).order_by("nth", "id"))


@prepared
def _promises_said_in(actor: Actor, ids: list[int]) -> QuerySet[Promise]:
    return Promise.objects.visible_to(actor).filter(said_in_id__among=ids).select_related("party", "owner")


@prepared
def _tasks_said_in(actor: Actor, ids: list[int]) -> QuerySet[Task]:
    return Task.objects.visible_to(actor).filter(said_in_id__among=ids).select_related("party", "owner")


def said_in(actor: Actor, interaction_ids: Collection[int]) -> dict[int, list[Promise | Task]]:
    """What was born from these conversations: promises and tasks, in the order of their words."""
    ids = list(interaction_ids)
    found: dict[int, list[Promise | Task]] = {}
    if not ids:
        return found
    born: list[Promise | Task] = [*_promises_said_in(actor, ids), *_tasks_said_in(actor, ids)]
    for row in sorted(born, key=lambda row: (row.said_start is None, row.said_start or 0, row.pk)):
        assert row.said_in_id is not None
        found.setdefault(row.said_in_id, []).append(row)
    return found


def by_ids(actor: Actor, ids: Collection[int]) -> dict[int, Promise]:
    """Promises to draw somewhere else, with their party and owner."""
    found = Promise.objects.visible_to(actor).filter(pk__in=list(ids)).select_related("party", "owner")
    return {row.pk: row for row in found}


def tasks_by_ids(actor: Actor, ids: Collection[int]) -> dict[int, Task]:
    found = Task.objects.visible_to(actor).filter(pk__in=list(ids)).select_related("party", "owner")
    return {row.pk: row for row in found}
