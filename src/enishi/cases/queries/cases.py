"""Lists of cases, single ones, and what hangs on them."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.accounts.models import User
from enishi.accounts.prepared import counted, prepared
from enishi.cases.clocks import Clock
from enishi.cases.clocks import clock as clock_of
from enishi.cases.models import Case, CasePause, CaseStep, CaseTie, CaseWord
from enishi.cases.packs import packs
from enishi.commitments.models import Promise, Task
from enishi.commitments.queries import business_calendar
from enishi.content.models import File
from enishi.conversations.models import Interaction
from enishi.core import clock
from enishi.core.keyset import Page, Position, paged
from enishi.search.models import Kind
from enishi.search.queries import matching, readable

PAGE = 50
OPEN = Q(closed_at__isnull=True)
# While it is paused, only a first word that is owed can be over time.
OVER = Q(look_again_at__isnull=True) | ~Q(due_at=F("look_again_at"))


@dataclass(frozen=True)
class Filter:
    """Which cases; what is left empty does not limit. State: open, over, closed or all."""

    state: str = "open"
    kind: str = ""
    stage: str = ""
    owner_id: int | None = None
    nobody: bool = False
    party_id: int | None = None
    project_id: int | None = None
    text: str = ""


def cases(actor: Actor, filters: Filter) -> ScopedQuerySet[Case]:
    """The cases that the actor may see and the filter wants, in no order."""
    found = Case.objects.visible_to(actor)
    if filters.state == "closed":
        found = found.filter(closed_at__isnull=False)
    elif filters.state != "all":
        found = found.filter(OPEN)
    if filters.state == "over":
        found = found.filter(OVER, due_at__lt=clock.now())
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.stage:
        found = found.filter(stage=filters.stage)
    if filters.nobody:
        found = found.filter(owner__isnull=True)
    elif filters.owner_id is not None:
        found = found.filter(owner_id=filters.owner_id)
    if filters.party_id is not None:
        found = found.filter(party_id=filters.party_id)
    if filters.project_id is not None:
        found = found.filter(project_id=filters.project_id)
    if filters.text.strip():
        documents = matching(readable(actor, [Kind.CASE]), filters.text)
        found = found.none() if documents is None else found.filter(pk__in=documents.values("subject_id"))
    return found


def case_list(
    actor: Actor,
    filters: Filter,
    *,
    after: Position | None = None,
    before: Position | None = None,
    limit: int = PAGE,
) -> Page[Case]:
    """One page: open cases by the time that is left, closed ones newest first, all of them newest first."""
    name, newest = {"closed": ("closed_at", True), "all": ("opened_at", True)}.get(
        filters.state, ("due_at", False)
    )
    found = cases(actor, filters).select_related("party", "owner", "project")
    return paged(found, name, newest_first=newest, after=after, before=before, limit=limit)


@dataclass(frozen=True)
class Totals:
    """How many are open, over time and without an owner, and open by kind."""

    open: int
    over: int
    nobody: int
    kinds: dict[str, int]


def totals(actor: Actor, project_id: int | None = None) -> Totals:
    """The figures above the list, in one query."""
    counted: dict[str, int] = cases(actor, Filter(project_id=project_id)).aggregate(
        open=Count("pk"),
        over=Count("pk", filter=OVER & Q(due_at__lt=clock.now())),
        nobody=Count("pk", filter=Q(owner__isnull=True)),
        **{f"kind_{code}": Count("pk", filter=Q(kind=code)) for code in packs()},
    )
    kinds = {code: counted[f"kind_{code}"] for code in packs()}
    return Totals(counted["open"], counted["over"], counted["nobody"], kinds)


@prepared
def _open(actor: Actor) -> QuerySet[Case, int]:
    mine = Q(owner=actor.own_id) | Q(owner__isnull=True)
    return counted(Case.objects.visible_to(actor).filter(OPEN & mine))


def open_count(actor: Actor) -> int:
    """The number in the navigation: what one owns, or nobody yet."""
    return sum(_open(actor))


def case(actor: Actor, case_id: int) -> Case:
    """One case with what its page and forms need; raises Case.DoesNotExist."""
    return (
        Case.objects.visible_to(actor)
        .select_related("party", "owner", "project", "closed_by")
        .get(pk=case_id)
    )


def may_see(actor: Actor, case_id: int) -> bool:
    return Case.objects.visible_to(actor).filter(pk=case_id).exists()


def by_ids(actor: Actor, ids: Collection[int]) -> dict[int, Case]:
    found = (
        Case.objects.visible_to(actor).filter(pk__in=list(ids)).select_related("party", "owner", "project")
    )
    return {row.pk: row for row in found}


@prepared
def of_party(actor: Actor, party_id: int) -> QuerySet[Case]:
    """Cases of one person: open ones first, then the newest."""
    found = Case.objects.visible_to(actor).filter(party=party_id).select_related("owner")
    return found.order_by(F("closed_at").asc(nulls_first=True), F("due_at").asc(nulls_last=True), "-id")


def open_of_parties(actor: Actor, party_ids: Collection[int]) -> list[Case]:
    """What these raised and is not settled, the least time left first."""
    found = Case.objects.visible_to(actor).filter(OPEN, party__in=list(party_ids)).select_related("party")
    return list(found.order_by(F("due_at").asc(nulls_last=True), "id"))


def near(actor: Actor, project_id: int | None, *, days: int = 7, limit: int = 6) -> list[Case]:
    """My day: what the actor owns that is over time or due within these days, the least time left first."""
    filters = Filter(owner_id=actor.own_id, project_id=project_id)
    edge = clock.now() + dt.timedelta(days=days)
    found = cases(actor, filters).filter(due_at__lt=edge).select_related("party", "project")
    return list(found.order_by("due_at", "id")[:limit])


def over_count(actor: Actor, project_id: int | None, owner_ids: Sequence[int]) -> int:
    found = cases(actor, Filter(state="over", project_id=project_id))
    return found.filter(owner__in=list(owner_ids)).count()


def of_project(actor: Actor, project_id: int, *, limit: int = 5) -> tuple[int, list[Case]]:
    """How many are open in a project, and those with the least time left."""
    found = cases(actor, Filter(project_id=project_id))
    rows = found.select_related("owner", "party").order_by(F("due_at").asc(nulls_last=True), "id")[:limit]
    return found.count(), list(rows)


@prepared
def tied_to(actor: Actor, kind: str, subject_ids: list[int]) -> QuerySet[Case]:
    """The cases that a promise, task, conversation or file belongs to, as far as the actor may see them."""
    ties = CaseTie.objects.filter(kind=kind, subject_id__among=subject_ids).values("case")
    return Case.objects.visible_to(actor).filter(pk__in=ties).select_related("owner").order_by("id")


@dataclass(frozen=True)
class Tied:
    """What belongs to a case, as far as the actor may see it."""

    promises: Sequence[Promise]
    tasks: Sequence[Task]
    conversations: Sequence[Interaction]
    files: Sequence[File]


def tied(actor: Actor, case: Case) -> Tied:
    """Promises by date, tasks open first, conversations and files oldest first."""
    ids: dict[str, list[int]] = {kind: [] for kind in CaseTie.Kind.values}
    for kind, pk in CaseTie.objects.filter(case=case).values_list("kind", "subject_id"):
        ids[kind].append(pk)
    promises = (
        Promise.objects.visible_to(actor).filter(pk__in=ids["promise"]).select_related("party", "owner")
    )
    tasks = (
        Task.objects.visible_to(actor).filter(pk__in=ids["task"]).select_related("party", "owner", "promise")
    )
    talks = Interaction.objects.visible_to(actor).filter(pk__in=ids["conversation"], deleted_at__isnull=True)
    files = File.objects.visible_to(actor).filter(pk__in=ids["file"], deleted_at__isnull=True)
    return Tied(
        list(promises.order_by(F("due_at").asc(nulls_last=True), "id")),
        list(tasks.order_by(F("done_at").asc(nulls_first=True), "due_at", "id")),
        list(talks.order_by("occurred_at", "id")),
        list(files.order_by("created_at", "id")),
    )


def files_of_words(actor: Actor, case: Case, files: Iterable[File]) -> dict[int, list[File]]:
    """Which of these files came with which word of the talk."""
    by_id = {file.pk: file for file in files}
    found: dict[int, list[File]] = {}
    ties = CaseTie.objects.filter(case=case, kind=CaseTie.Kind.FILE, word__isnull=False)
    for word_id, file_id in ties.order_by("id").values_list("word", "subject_id"):
        if file_id in by_id and word_id is not None:
            found.setdefault(word_id, []).append(by_id[file_id])
    return found


def steps(case: Case) -> list[CaseStep]:
    return list(case.steps.select_related("user").order_by("id"))


def words_of(case: Case) -> list[CaseWord]:
    """The talk and the notes, oldest first."""
    return list(case.words.select_related("user").order_by("at", "id"))


def kept_out(case: Case) -> list[Any]:
    return list(case.exclusions.select_related("user").order_by("user__name", "id"))


def readers_of(case: Case, right: str = Case.view_right) -> list[User]:
    """Who may read a case (or hold another right in it), without those who are kept out."""
    subject = ("cases.case", case.pk)
    return list(
        accounts.readers(
            right, [case.project_id], case.confidentiality, subject=subject, owners=case.owners()
        )
    )


def office_zone() -> dt.tzinfo:
    """The zone in which office hours count: the organisation's."""
    return zoneinfo.ZoneInfo(accounts.organisation().time_zone)


def clocks(case: Case) -> list[Clock]:
    """The times that were promised for a case, and how they stand now."""
    zone = office_zone()
    service = case.pack.service
    listed = []
    if case.acknowledge_by is not None:
        listed.append(
            ("acknowledge", case.acknowledge_by, case.acknowledged_at, case.opened_at, service.acknowledge)
        )
    if case.resolve_by is not None:
        appealed = case.appealed_at is not None
        began = case.appealed_at or case.opened_at
        days = service.appeal if appealed else service.resolve
        listed.append(("appeal" if appealed else "resolve", case.resolve_by, case.closed_at, began, days))
    calendar = business_calendar(case.project)
    found = pauses(case)
    standing = next((one.since for one in found if one.until is None), None)
    return [
        clock_of(
            code,
            due,
            done,
            started_at=began,
            promised=days,
            now=clock.now(),
            calendar=calendar,
            zone=zone,
            # A first word is owed whatever we wait for.
            paused_since=None if code == "acknowledge" else standing,
            paused_days=0 if code == "acknowledge" else sum(one.days for one in found if one.since >= began),
        )
        for code, due, done, began, days in listed
    ]


def pauses(case: Case) -> list[CasePause]:
    """When the clock to the answer stood still, the last time first."""
    return list(case.pauses.select_related("user").order_by("-since"))


def level_of_ties(subject: str, pk: int) -> int:
    """The highest level of the cases to which a promise or task is tied, whoever asks."""
    kind = {"commitments.promise": CaseTie.Kind.PROMISE, "commitments.task": CaseTie.Kind.TASK}.get(subject)
    return _highest(kind, pk)


def level_of_file(file_id: int) -> int:
    return _highest(CaseTie.Kind.FILE, file_id)


class TiedFiles:
    """The files that belong to cases, by whose these are."""

    def files(self, people: Collection[int]) -> QuerySet[Any, Any]:
        ties = CaseTie.objects.filter(kind=CaseTie.Kind.FILE, case__owner__in=sorted(people))
        return ties.values("subject_id")

    def owners(self, file_id: int) -> set[int]:
        ties = CaseTie.objects.filter(kind=CaseTie.Kind.FILE, subject_id=file_id, case__owner__isnull=False)
        return set(ties.values_list("case__owner", flat=True))


def _highest(kind: str | None, pk: int) -> int:
    ties = CaseTie.objects.filter(kind=kind or "", subject_id=pk).values("case")
    found = Case.objects.unscoped("what a thing is tied to, whoever asks").filter(pk__in=ties)
    return max(found.values_list("confidentiality", flat=True), default=0)
