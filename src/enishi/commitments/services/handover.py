"""Promises, tasks and repeats as things that are handed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.commitments import signals
from enishi.commitments.models import Duty, Promise, Series, Task
from enishi.commitments.services.rules import EDIT, address
from enishi.core import clock
from enishi.core.events import Event
from enishi.timeline.handover import Held, Holding, Moved, by_holder, locked_holders

R = TypeVar("R", Promise, Task)


def _running(user_id: int) -> list[int]:
    """Repeats that make new times for that user."""
    running = Series.objects.unscoped("only numbers, to leave their times out").filter(
        ended_at__isnull=True, template__owner_id=user_id
    )
    return list(running.values_list("pk", flat=True))


class _Rows(Holding, Generic[R]):
    """Open rows of one table with an owner; the times of a running repeat go with the repeat."""

    model: type[R]
    right = EDIT
    still_open: ClassVar[Q]

    def _open(self, found: ScopedQuerySet[R]) -> ScopedQuerySet[R]:
        return found.filter(self.still_open)

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        found = self._open(self.model.objects.visible_to(actor)).filter(owner_id=user_id)
        return self._listed(found.filter(Q(series__isnull=True) | ~Q(series__in=_running(user_id))))

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        return self._listed(self._open(self.model.objects.visible_to(actor)).filter(pk__in=list(ids)))

    def _listed(self, found: ScopedQuerySet[R]) -> list[Held]:
        rows = found.select_related("party").order_by(F("due_at").asc(nulls_last=True), "pk")
        return [
            Held(
                pk=row.pk,
                title=row.title,
                project_ids=row.projects,
                confidentiality=row.confidentiality,
                url=address(row),
                due_at=row.due_at,
                party_id=row.party_id,
                party=row.party.full_name if row.party else "",
                state=row.sign if isinstance(row, Promise) else "",
                side=row.direction if isinstance(row, Promise) else "",
            )
            for row in rows
        ]

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        rows = self._open(self.model.objects.unscoped("handed over within the actor's rights"))
        return locked_holders(rows, ids, "owner_id")

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        rows = self.model.objects.unscoped("handed over within the actor's rights")
        for owner_id, ids in by_holder(holders).items():
            rows.filter(pk__in=ids).update(
                owner_id=owner_id, version=F("version") + 1, updated_at=clock.now()
            )
        return [Moved(row, row.party_id) for row in rows.filter(pk__in=list(holders)).order_by("pk")]

    def facts(self, before: int | None, after: int | None) -> dict[str, Any]:
        # By these numbers whoever handed over one thing can also take back that one thing.
        return {**super().facts(before, after), "_ids": {"owner_id": [before, after]}}


class Promises(_Rows[Promise]):
    code, label, icon, order = "promises", _("Open promises"), "link", 10
    model, event = Promise, signals.promise_changed
    subject_types = ("commitments.promise",)
    still_open = Q(state=Promise.State.OPEN)


class Tasks(_Rows[Task]):
    code, label, icon, order = "tasks", _("Open tasks"), "checkbox", 20
    model, event = Task, signals.task_changed
    subject_types = ("commitments.task",)
    still_open = Q(done_at__isnull=True)


class Repeats(Holding):
    """What comes back by a rule; its open times go with it."""

    code, label, icon, order, right = "repeats", _("Repeating promises and tasks"), "repeat", 30, EDIT
    event: ClassVar[Event] = signals.series_changed
    subject_types = ("commitments.series",)

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        running = Series.objects.visible_to(actor).filter(ended_at__isnull=True)
        return self._listed(actor, running.filter(template__owner_id=user_id))

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        running = Series.objects.visible_to(actor).filter(ended_at__isnull=True)
        return self._listed(actor, running.filter(pk__in=list(ids)))

    def _listed(self, actor: Actor, found: ScopedQuerySet[Series]) -> list[Held]:
        listed = list(found.order_by("pk"))
        following = _next_times(actor, [series.pk for series in listed])
        rows = [_held(series, following.get(series.pk)) for series in listed]
        return sorted(rows, key=lambda row: (row.due_at is None, row.due_at, row.pk))

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        rows = Series.objects.unscoped("handed over within the actor's rights").filter(ended_at__isnull=True)
        locked = rows.filter(pk__in=list(ids)).order_by("pk").select_for_update(no_key=True, of=("self",))
        return {series.pk: series.template.get("owner_id") for series in locked}

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        rows = Series.objects.unscoped("handed over within the actor's rights")
        moved = list(rows.filter(pk__in=list(holders)).order_by("pk"))
        for series in moved:
            series.template = {**series.template, "owner_id": holders[series.pk]}
        rows.bulk_update(moved, ["template"])
        return [Moved(series, series.template.get("party_id")) for series in moved]

    def brings(self, user_id: int, ids: Collection[int]) -> Mapping[str, Collection[int]]:
        return {"promises": _times(Promise, user_id, ids), "tasks": _times(Task, user_id, ids)}


class Duties(Holding):
    """Clauses that somebody looks after: reviews, and what is to be kept next; their promises are handed over as promises."""

    code, label, icon, order, right = "duties", _("Duties"), "gavel", 35, EDIT
    event: ClassVar[Event] = signals.duty_changed
    subject_types = ("commitments.duty",)

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        return self._listed(Duty.objects.visible_to(actor).filter(owner_id=user_id, ended_at__isnull=True))

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        found = Duty.objects.visible_to(actor).filter(pk__in=list(ids), ended_at__isnull=True)
        return self._listed(found)

    def _listed(self, found: ScopedQuerySet[Duty]) -> list[Held]:
        return [
            Held(
                pk=duty.pk,
                title=f"{duty.clause} {duty.title}".strip(),
                project_ids=duty.projects,
                confidentiality=duty.confidentiality,
                url=reverse("commitments:duty", args=[duty.pk]),
                note=str(duty.source),
            )
            for duty in found.select_related("source").order_by("source__title", "position", "pk")
        ]

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        rows = Duty.objects.unscoped("handed over within the actor's rights").filter(ended_at__isnull=True)
        return locked_holders(rows, ids, "owner_id")

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        rows = Duty.objects.unscoped("handed over within the actor's rights")
        for owner_id, ids in by_holder(holders).items():
            rows.filter(pk__in=ids).update(
                owner_id=owner_id, version=F("version") + 1, updated_at=clock.now()
            )
        moved = rows.filter(pk__in=list(holders)).select_related("source").order_by("pk")
        return [Moved(duty, duty.source.authority_id) for duty in moved]


def _times(model: type[Promise] | type[Task], user_id: int, series_ids: Collection[int]) -> list[int]:
    times = model.objects.unscoped("the times of a repeat that is handed over").filter(
        series__in=list(series_ids), owner_id=user_id
    )
    still_open = Promises.still_open if model is Promise else Tasks.still_open
    return list(times.filter(still_open).values_list("pk", flat=True))


def _next_times(actor: Actor, series_ids: Collection[int]) -> dict[int, Promise | Task]:
    """The next open time of each repeat."""
    found: dict[int, Promise | Task] = {}
    promises = Promise.objects.visible_to(actor).filter(Promises.still_open, series__in=list(series_ids))
    tasks = Task.objects.visible_to(actor).filter(Tasks.still_open, series__in=list(series_ids))
    for rows in (promises, tasks):
        for row in rows.select_related("party").order_by("series", "due_at").distinct("series"):
            if row.series_id is not None:
                found[row.series_id] = row
    return found


def _held(series: Series, following: Promise | Task | None) -> Held:
    """A repeat is shown by its next time."""
    party = following.party if following else None
    return Held(
        pk=series.pk,
        title=series.template["title"],
        project_ids=series.projects,
        confidentiality=series.confidentiality,
        url=address(following) if following else reverse("commitments:list"),
        due_at=following.due_at if following else None,
        party_id=party.pk if party else None,
        party=party.full_name if party else "",
        state=following.sign if isinstance(following, Promise) else "",
        side=following.direction if isinstance(following, Promise) else "",
    )
