"""Answer debt: how many conversations wait for our answer, and since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from enishi.accounts.access import Actor
from enishi.conversations.models import Interaction
from enishi.conversations.queries.interactions import present
from enishi.core import clock
from enishi.timeline.models import Entry


@dataclass(frozen=True)
class Span:
    """Those that wait since a day from ``since`` to ``until``, both included, by the reader's days; None: no such end."""

    since: dt.date | None
    until: dt.date | None
    count: int


@dataclass(frozen=True)
class Debt:
    """All that wait, and of these: since today or yesterday, for two to six days, for a week or longer."""

    total: int
    spans: Sequence[Span]
    oldest_id: int | None
    days: int
    """For how many days the oldest has been waiting."""
    before: int
    """How many of what the reader may see today waited a week ago."""

    @property
    def change(self) -> int:
        return self.total - self.before

    @property
    def fewer(self) -> int:
        return -self.change


def answer_debt(actor: Actor, *, project_id: int | None = None) -> Debt:
    """What waits for an answer of ours by its age, and how much did a week ago, in four queries."""
    found = present(actor).filter(answer=Interaction.Answer.WAITING)
    if project_id is not None:
        found = found.filter(project_ids__contains=[project_id])
    today = timezone.localdate(clock.now())
    fresh, week = today - dt.timedelta(days=1), today - dt.timedelta(days=6)
    recent, older = Q(occurred_at__gte=_midnight(fresh)), Q(occurred_at__lt=_midnight(week))
    counted = found.aggregate(
        total=Count("pk"),
        recent=Count("pk", filter=recent),
        between=Count("pk", filter=~recent & ~older),
        older=Count("pk", filter=older),
    )
    oldest = found.order_by("occurred_at", "id").values_list("pk", "occurred_at").first()
    return Debt(
        total=counted["total"],
        spans=[
            Span(fresh, None, counted["recent"]),
            Span(week, fresh - dt.timedelta(days=1), counted["between"]),
            Span(None, week - dt.timedelta(days=1), counted["older"]),
        ],
        oldest_id=oldest[0] if oldest else None,
        days=(today - timezone.localdate(oldest[1])).days if oldest else 0,
        before=_waiting_at(actor, clock.now() - dt.timedelta(days=7), project_id),
    )


def _waiting_at(actor: Actor, moment: dt.datetime, project_id: int | None) -> int:
    """How many waited at a moment, from the history of their answers since."""
    there = Q(deleted_at__isnull=True) | Q(deleted_at__gt=moment)
    found = Interaction.objects.visible_to(actor).filter(there, created_at__lte=moment)
    if project_id is not None:
        found = found.filter(project_ids__contains=[project_id])
    waiting = Interaction.Answer.WAITING.value
    turned = _answers_before(moment)
    were = [pk for pk, answer in turned.items() if answer == waiting]
    still = Q(answer=waiting) & ~Q(pk__among=list(turned))
    return found.filter(still | Q(pk__among=were)).count()


def _answers_before(moment: dt.datetime) -> dict[int, str]:
    """The state of the answer at a moment, of conversations in which it was changed since."""
    entries = Entry.objects.unscoped("numbers and states only, counted within the actor's rights").filter(
        subject_type=Interaction._meta.label_lower, at__gt=moment, changes__has_key="answer"
    )
    first = entries.order_by("subject_id", "at", "pk").distinct("subject_id")
    return {pk: before or "" for pk, before in first.values_list("subject_id", "changes__answer__0")}


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
