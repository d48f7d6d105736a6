"""The register of duties: what documents oblige to, how each clause stands, what is due for review."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.commitments.models import Duty, Promise, Source
from enishi.commitments.queries.edges import OPEN, TO_DO, UNPROVEN
from enishi.content.models import File, FileVersion
from enishi.core import clock

PAGE = 60
LAST = 10
STATES = {
    "late": _("Late"),
    "proof": _("Waits for proof"),
    "review": _("Due for review"),
    "unowned": _("Nobody looks after it"),
    "broken": _("Was broken"),
    "done": _("Done"),
    "ended": _("Ended"),
}


@dataclass(frozen=True)
class DutyFilter:
    """Which duties; what is left empty does not limit. Without a state: those that hold."""

    state: str = ""
    project_id: int | None = None
    source_id: int | None = None
    owner_ids: tuple[int, ...] | None = None
    text: str = ""


@dataclass(frozen=True)
class Standing:
    """A duty with its times as the reader may see them: the last ones and the next, oldest first."""

    duty: Duty
    times: Sequence[Promise]

    @property
    def next(self) -> Promise | None:
        """What is to be kept next: the earliest that is open."""
        return next((time for time in self.times if time.is_open), None)

    def comes_after_next(self, time: Promise) -> bool:
        """Whether there is another time to be kept before this one."""
        first = self.next
        if first is None or first.due_at is None or time.due_at is None:
            return False
        return time.is_open and time.due_at > first.due_at

    @property
    def sign(self) -> str:
        """The knot of the duty: of what is open, else of what was settled last."""
        if self.next is not None:
            return self.next.sign
        return self.times[-1].sign if self.times else "open"

    @property
    def in_time(self) -> int:
        return sum(time.state == Promise.State.KEPT for time in self.times)

    @property
    def not_in_time(self) -> int:
        return sum(time.sign in {"kept_late", "broken", "late"} for time in self.times)

    @property
    def review_is_due(self) -> bool:
        return self.duty.next_review_on is not None and self.duty.next_review_on <= clock.today()


@dataclass(frozen=True)
class Page:
    """One page of the register; ``after`` is the duty that the next one begins behind."""

    rows: Sequence[Standing]
    total: int
    after: int | None = None


def _having(actor: Actor, condition: Q) -> Exists:
    times = Promise.objects.visible_to(actor).filter(condition, duty=OuterRef("pk"))
    return Exists(times)


def duties(actor: Actor, filters: DutyFilter) -> ScopedQuerySet[Duty]:
    """The duties that the actor may see and the filter wants, in no order."""
    found = Duty.objects.visible_to(actor)
    holds = Q(ended_at__isnull=True)
    match filters.state:
        case "ended":
            found = found.filter(ended_at__isnull=False)
        case "late":
            found = found.filter(holds, _having(actor, TO_DO & Q(due_at__lt=clock.now())))
        case "proof":
            found = found.filter(holds, _having(actor, UNPROVEN))
        case "broken":
            found = found.filter(_having(actor, Q(state=Promise.State.BROKEN)))
        case "done":
            found = found.filter(holds, ~_having(actor, OPEN))
        case "review":
            found = found.filter(holds, next_review_on__lte=clock.today())
        case "unowned":
            found = found.filter(holds, owner__isnull=True)
        case _:
            found = found.filter(holds)
    if filters.project_id is not None:
        found = found.filter(project_id=filters.project_id)
    if filters.source_id is not None:
        found = found.filter(source_id=filters.source_id)
    if filters.owner_ids is not None:
        found = found.filter(owner__in=filters.owner_ids)
    for word in filters.text.split()[:8]:
        found = found.filter(
            Q(title__icontains=word)
            | Q(clause__icontains=word)
            | Q(citation__icontains=word)
            | Q(source__title__icontains=word)
        )
    return found


def register(actor: Actor, filters: DutyFilter, *, after: int | None = None, limit: int = PAGE) -> Page:
    """One page of the register, document by document in the order of the clauses."""
    found = duties(actor, filters)
    total = found.count()
    ordered = found.order_by("source__title", "source_id", "position", "id")
    if after is not None:
        last = Duty.objects.visible_to(actor).select_related("source").filter(pk=after).first()
        if last is not None:
            ordered = ordered.filter(_behind(last))
    rows = list(_with_names(ordered)[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    return Page(standings(actor, rows), total, rows[-1].pk if more else None)


def _behind(last: Duty) -> Q:
    title, source = last.source.title, last.source_id
    return (
        Q(source__title__gt=title)
        | Q(source__title=title, source_id__gt=source)
        | Q(source_id=source, position__gt=last.position)
        | Q(source_id=source, position=last.position, id__gt=last.pk)
    )


def _with_names(found: QuerySet[Duty]) -> QuerySet[Duty]:
    return found.select_related("source", "source__authority", "owner", "project", "file_version")


def standings(actor: Actor, found: Sequence[Duty]) -> list[Standing]:
    """How these duties stand, in one query."""
    times = times_of(actor, [duty.pk for duty in found])
    return [Standing(duty, times.get(duty.pk, [])) for duty in found]


def times_of(actor: Actor, duty_ids: Collection[int], *, last: int = LAST) -> dict[int, list[Promise]]:
    """Of each duty the last times that are over and the open ones up to the next, oldest first, so many in all."""
    nth = Window(
        RowNumber(), partition_by="duty", order_by=[F("due_at").desc(nulls_first=True), F("id").desc()]
    )
    # Of a repeat all times of three months are made: only the next of them is told.
    ahead = Window(
        RowNumber(),
        partition_by=[F("duty"), F("state")],
        order_by=[F("due_at").asc(nulls_last=True), F("id").asc()],
    )
    seen = Promise.objects.visible_to(actor).filter(duty__in=list(duty_ids))
    now = clock.now()
    coming = (
        seen.filter(OPEN)
        .filter(Q(due_at__gte=now) | Q(due_at__isnull=True))
        .annotate(nth=ahead)
        .filter(nth=1)
    )
    past = seen.filter(~OPEN | Q(due_at__lt=now)).annotate(nth=nth).filter(nth__lt=last)
    found: dict[int, list[Promise]] = {}
    for row in sorted([*past, *coming], key=lambda row: (row.due_at is None, row.due_at or now, row.pk)):
        assert row.duty_id is not None
        found.setdefault(row.duty_id, []).append(row)
    return found


def duty(actor: Actor, duty_id: int) -> Duty:
    """One duty with what its page needs; raises Duty.DoesNotExist."""
    return _with_names(Duty.objects.visible_to(actor)).get(pk=duty_id)


def all_times(actor: Actor, of: Duty, *, limit: int = 200) -> list[Promise]:
    """Every time of a duty, newest first."""
    found = Promise.objects.visible_to(actor).filter(duty=of).select_related("owner", "party", "settled_by")
    return list(found.order_by(F("due_at").desc(nulls_first=True), "-id")[:limit])


@dataclass(frozen=True)
class SourceRow:
    """A document of the register with how many duties it brings, and how many of them are late or due for review."""

    source: Source
    duties: int
    late: int
    review: int


def sources(actor: Actor, *, project_id: int | None = None) -> list[SourceRow]:
    """The documents that the actor may see, by title, in two queries."""
    found = Source.objects.visible_to(actor).select_related("authority", "project")
    if project_id is not None:
        found = found.filter(project_id=project_id)
    seen = Duty.objects.visible_to(actor).filter(source__in=found, ended_at__isnull=True)
    late = _having(actor, TO_DO & Q(due_at__lt=clock.now()))
    counted = (
        seen.annotate(is_late=late)
        .order_by()
        .values("source")
        .annotate(
            n=Count("pk"),
            late=Count("pk", filter=Q(is_late=True)),
            review=Count("pk", filter=Q(next_review_on__lte=clock.today())),
        )
    )
    numbers = {row["source"]: (row["n"], row["late"], row["review"]) for row in counted}
    return [SourceRow(one, *numbers.get(one.pk, (0, 0, 0))) for one in found.order_by("title", "pk")]


def source(actor: Actor, source_id: int) -> Source:
    """One document, its file only where the actor may read it; raises Source.DoesNotExist."""
    files = File.objects.visible_to(actor).filter(deleted_at__isnull=True)
    return (
        Source.objects.visible_to(actor)
        .select_related("authority", "project")
        .prefetch_related(Prefetch("file", queryset=files))
        .get(pk=source_id)
    )


@dataclass(frozen=True)
class SourceFigures:
    """How the clauses of a document stand."""

    duties: int
    late: int
    proof: int
    review: int


def source_figures(rows: Sequence[Standing]) -> SourceFigures:
    signs = [row.sign for row in rows]
    return SourceFigures(
        len(rows), signs.count("late"), signs.count("proof"), sum(row.review_is_due for row in rows)
    )


def files_of(actor: Actor, project_ids: Collection[int], *, limit: int = 300) -> list[File]:
    """The files of these projects that may be the text of a document, newest first."""
    found = File.objects.visible_to(actor).filter(
        project__in=list(project_ids), deleted_at__isnull=True, attachment=False
    )
    return list(found.order_by("-created_at", "-id")[:limit])


def file_versions(actor: Actor, of: Source) -> list[FileVersion]:
    """The versions of a document's file, newest first; none where the actor may not read it."""
    readable = File.objects.visible_to(actor).filter(pk=of.file_id or 0)
    return list(FileVersion.objects.filter(file__in=readable).order_by("-number"))


def may_read_file(actor: Actor, of: Source) -> bool:
    return (
        of.file_id is not None
        and File.objects.visible_to(actor).filter(pk=of.file_id, deleted_at__isnull=True).exists()
    )


def exported(actor: Actor, filters: DutyFilter, *, limit: int = 20_000) -> Iterator[Standing]:
    """The whole register for a table, a thousand rows at a time."""
    after: int | None = None
    told = 0
    while told < limit:
        page = register(actor, filters, after=after, limit=1000)
        yield from page.rows
        told += len(page.rows)
        if page.after is None:
            return
        after = page.after
