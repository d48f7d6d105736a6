"""How a relation or a project stands: four parts of a hundred points each, counted from what the reader may see.

Nothing here is stored and nothing reaches beyond the reader's rights, so two readers may see different scores; each sees
the rows that theirs is made of. The formula stands in ``docs/decisions/0021-score-of-a-relation.md`` and on the page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    Avg,
    Case,
    Count,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.cases.models import Case as Matter
from enishi.commitments.models import Promise
from enishi.contacts import queries as contacts
from enishi.contacts.models import Party, PartyTag
from enishi.contacts.queries.affiliations import affiliated_ids
from enishi.conversations.models import Interaction, InteractionQuerySet, Participant
from enishi.core import clock
from enishi.core.formats import counted
from enishi.engagement.models import PlanStep
from enishi.engagement.queries.plan import visible_steps
from enishi.health.models import Expected, OwnScore
from enishi.themes.models import Feeling, Overall, Passage
from enishi.themes.queries.machine import reads_along

RHYTHM, FELT, SETTLED = dt.timedelta(days=30), dt.timedelta(days=90), dt.timedelta(days=180)
WEIGHTS = {"rhythm": 30, "feelings": 30, "promises": 25, "cases": 15}
USUAL = {"contact": 1, "project": 10}
"""How many conversations are expected in thirty days when nobody said."""
FEW = 3
"""Feelings count from so many conversations on: fewer say how one person felt, not how it stands."""
SHOWN = 12


@dataclass(frozen=True)
class Subject:
    """What the score is about."""

    party: Party | None = None
    project: Project | None = None
    below: tuple[int, ...] = ()
    """Whose story is also that of an organisation or a group: its people, as far as the reader sees them."""

    @property
    def kind(self) -> str:
        return "contact" if self.party is not None else "project"

    @property
    def pk(self) -> int:
        about = self.party or self.project
        assert about is not None
        return about.pk

    @property
    def name(self) -> str:
        return self.party.full_name if self.party is not None else str(self.project)

    @property
    def projects(self) -> list[int]:
        return list(self.party.project_ids) if self.party is not None else [self.pk]

    @property
    def mine(self) -> Q:
        """What is said of it itself."""
        return Q(party=self.party) if self.party is not None else Q(project=self.project)

    @property
    def parties(self) -> list[int]:
        return [self.pk, *self.below] if self.party is not None else []

    @property
    def told(self) -> Q:
        """What is told in its story."""
        return Q(party__in=self.parties) if self.party is not None else Q(project=self.project)


@dataclass(frozen=True)
class Row:
    """One thing that counted: where it opens, and how many points it brought."""

    title: str
    url: str
    at: dt.datetime | None
    words: str = ""


@dataclass(frozen=True)
class Part:
    """One of the four. ``score`` is none where it does not count, and ``words`` say why."""

    code: str
    label: Any
    score: int | None
    words: str
    rows: Sequence[Row] = ()
    count: int = 0

    @property
    def weight(self) -> int:
        return WEIGHTS[self.code]

    @property
    def more(self) -> int:
        return max(0, self.count - len(self.rows))


@dataclass(frozen=True)
class Score:
    subject: Subject
    parts: Sequence[Part]
    own: Sequence[OwnScore] = field(default_factory=list)
    expected: int = 1
    planned: bool = False

    @property
    def counted(self) -> list[Part]:
        return [part for part in self.parts if part.score is not None]

    @property
    def total(self) -> int | None:
        """The mean of the parts that count, by their weights; none from a single part."""
        if len(self.counted) < 2:
            return None
        weights = sum(part.weight for part in self.counted)
        return round(sum(part.weight * (part.score or 0) for part in self.counted) / weights)

    @property
    def latest(self) -> OwnScore | None:
        return self.own[0] if self.own else None


def party_subject(actor: Actor, party_id: int) -> Subject:
    """Raises Party.DoesNotExist for what the actor may not see."""
    found = contacts.party(actor, party_id)
    if found.deleted_at is not None:
        raise Party.DoesNotExist
    below = () if found.is_person else affiliated_ids(actor, found.pk)
    return Subject(party=found, below=tuple(below))


def project_subject(actor: Actor, project_id: int) -> Subject:
    """Raises Project.DoesNotExist for what the actor may not see."""
    return Subject(project=accounts.project(actor, project_id))


def score(actor: Actor, subject: Subject, *, rows: bool = False) -> Score:
    """The score with its parts and what people said; in a fixed number of queries. ``rows``: with what it is made of."""
    most = SHOWN if rows else 0
    expected, planned = _expected(actor, subject)
    parts = [
        _rhythm(actor, subject, expected, planned, most),
        _feelings(actor, subject, most),
        _promises(actor, subject, most),
        _cases(actor, subject, most),
    ]
    own = list(OwnScore.objects.filter(subject.mine).select_related("user").order_by("-at", "-pk")[:20])
    return Score(subject, parts, own, expected, planned)


def _expected(actor: Actor, subject: Subject) -> tuple[int, bool]:
    """What the plan had for the last thirty days, as far as the reader sees it; else what somebody set; else the usual."""
    today = clock.today()
    steps = visible_steps(actor).filter(due_on__gt=today - RHYTHM, due_on__lte=today)
    steps = steps.exclude(state=PlanStep.State.LEFT)
    if subject.party is not None:
        tagged = PartyTag.objects.filter(party=subject.party).values("tag")
        steps = steps.filter(Q(line__party=subject.party) | Q(line__tag__in=tagged))
        steps = steps.filter(line__project__in=subject.projects)
    else:
        steps = steps.filter(line__project=subject.project)
    if planned := steps.count():
        return planned, True
    said = Expected.objects.filter(subject.mine).values_list("number", flat=True).first()
    return said or USUAL[subject.kind], False


def _out_of_reach(code: str, label: Any) -> Part:
    return Part(code, label, None, _("Not counted: you do not see these here."))


def _talks(actor: Actor, subject: Subject, since: dt.timedelta) -> InteractionQuerySet:
    now = clock.now()
    found: InteractionQuerySet = Interaction.objects.visible_to(actor)
    found = found.present().filter(occurred_at__gt=now - since, occurred_at__lte=now)
    if subject.party is not None:
        return found.filter(
            pk__in=Participant.objects.filter(party__in=subject.parties).values("interaction")
        )
    return found.filter(project_ids__contains=[subject.pk])


def _talk_row(talk: Interaction, words: str = "") -> Row:
    url = reverse("conversations:interaction", args=[talk.pk])
    return Row(talk.subject or str(talk.get_channel_display()), url, talk.occurred_at, words)


def _rhythm(actor: Actor, subject: Subject, expected: int, planned: bool, most: int) -> Part:
    label = _("Rhythm")
    if not actor.may_some("conversations.view", subject.projects):
        return _out_of_reach("rhythm", label)
    talks = _talks(actor, subject, RHYTHM)
    count = talks.count()
    told = {"count": counted(count), "expected": counted(expected)}
    if planned:
        words = ngettext(
            "%(count)s conversation in 30 days; the plan had %(expected)s.",
            "%(count)s conversations in 30 days; the plan had %(expected)s.",
            count,
        )
    else:
        words = ngettext(
            "%(count)s conversation in 30 days; %(expected)s expected.",
            "%(count)s conversations in 30 days; %(expected)s expected.",
            count,
        )
    words %= told
    rows = [_talk_row(talk) for talk in talks.order_by("-occurred_at", "-pk")[:most]] if most else []
    return Part("rhythm", label, min(100, round(100 * count / expected)), words, rows, count)


def _mean(rows: QuerySet[Any]) -> Subquery:
    grouped = rows.order_by().values("interaction").annotate(mean=Avg("feeling"))
    return Subquery(grouped.values("mean"), output_field=FloatField())


def _feelings(actor: Actor, subject: Subject, most: int) -> Part:
    """Of each conversation what somebody judged of the whole, else what people marked in it, else what the machine read."""
    label = _("Feelings")
    if not actor.may_some("conversations.view", subject.projects):
        return _out_of_reach("feelings", label)
    here = Q(interaction=OuterRef("pk"))
    who = subject.told | Q(party__isnull=True) if subject.party is not None else Q()
    passages = Passage.objects.filter(here, who, removed_at__isnull=True, feeling__isnull=False)
    reads = When(reading__version=F("version"), then=F("reading__feeling"))
    machine = Case(reads, output_field=FloatField()) if reads_along() else None
    layers: dict[str, Any] = {"judged": _mean(Overall.objects.filter(here, who)), "marked": _mean(passages)}
    if machine is not None:
        layers["machine"] = machine
    talks = _talks(actor, subject, FELT).annotate(**layers)
    talks = talks.annotate(felt=Coalesce(*[F(name) for name in layers])).filter(felt__isnull=False)
    by_people = Count("pk", filter=Q(judged__isnull=False) | Q(marked__isnull=False))
    found = talks.aggregate(count=Count("pk"), mean=Avg("felt"), people=by_people)
    count = found["count"]
    if count < FEW:
        words = _("Not counted: felt in %(count)s conversations of 90 days; it counts from %(few)s on.")
        return Part("feelings", label, None, words % {"count": counted(count), "few": counted(FEW)})
    words = _(
        "Mean of %(count)s conversations in 90 days: %(people)s by people, %(machine)s by the machine."
    ) % {
        "count": counted(count),
        "people": counted(found["people"]),
        "machine": counted(count - found["people"]),
    }
    rows = [_felt_row(talk) for talk in talks.order_by("-occurred_at", "-pk")[:most]] if most else []
    return Part("feelings", label, round(25 * (found["mean"] - 1)), words, rows, count)


def _felt_row(talk: Any) -> Row:
    felt = Feeling(min(5, max(1, round(talk.felt)))).label
    by_people = talk.judged is not None or talk.marked is not None
    who = _("by people") if by_people else _("by the machine")
    return _talk_row(talk, f"{felt}, {who}")


def _promises(actor: Actor, subject: Subject, most: int) -> Part:
    """Kept brings all points, kept late half, broken and late none. What is not due yet and what was waived do not count."""
    label = _("Promises")
    if not actor.may_some("commitments.view", subject.projects):
        return _out_of_reach("promises", label)
    now, state = clock.now(), Promise.State
    since = Q(settled_at__gt=now - SETTLED, settled_at__lte=now) & ~Q(state=state.WAIVED)
    late = Q(state=state.OPEN, done_at__isnull=True, due_at__lt=now)
    points = Case(
        When(state=state.KEPT, then=100),
        When(state=state.KEPT_LATE, then=50),
        default=0,
        output_field=IntegerField(),
    )
    found = (
        Promise.objects.visible_to(actor).filter(subject.told).filter(since | late).annotate(points=points)
    )
    numbers = found.aggregate(
        count=Count("pk"),
        mean=Avg("points"),
        kept=Count("pk", filter=Q(state=state.KEPT)),
        late=Count("pk", filter=late),
    )
    if not numbers["count"]:
        return Part("promises", label, None, _("Not counted: none was settled in 180 days, none is late."))
    words = _("%(kept)s of %(count)s kept in time in 180 days, both ways; %(late)s late now.") % {
        "kept": counted(numbers["kept"]),
        "count": counted(numbers["count"]),
        "late": counted(numbers["late"]),
    }
    listed = found.order_by("points", F("settled_at").desc(nulls_first=True), "-pk")[:most] if most else []
    rows = [
        Row(
            one.title,
            reverse("commitments:promise", args=[one.pk]),
            one.settled_at or one.due_at,
            str(one.get_state_display()) if one.settled_at else _("Late"),
        )
        for one in listed
    ]
    return Part("promises", label, round(numbers["mean"]), words, rows, numbers["count"])


def _cases(actor: Actor, subject: Subject, most: int) -> Part:
    """Closed in time brings all points, closed late and open in time half, open and late none."""
    label = _("Cases")
    if not actor.may_some("cases.view", subject.projects):
        return _out_of_reach("cases", label)
    now = clock.now()
    open_, late = Q(closed_at__isnull=True), Q(closed_at__isnull=True, due_at__lt=now)
    in_time = Q(resolve_by__isnull=True) | Q(closed_at__lte=F("resolve_by"))
    points = Case(
        When(late, then=0),
        When(open_, then=50),
        When(in_time, then=100),
        default=50,
        output_field=IntegerField(),
    )
    within = open_ | Q(closed_at__gt=now - SETTLED, closed_at__lte=now)
    found = Matter.objects.visible_to(actor).filter(subject.told).filter(within).annotate(points=points)
    numbers = found.aggregate(
        count=Count("pk"), mean=Avg("points"), open=Count("pk", filter=open_), late=Count("pk", filter=late)
    )
    if not numbers["count"]:
        return Part("cases", label, None, _("Not counted: none is open, none was closed in 180 days."))
    words = ngettext(
        "%(count)s case in 180 days: %(open)s open, %(late)s of them late.",
        "%(count)s cases in 180 days: %(open)s open, %(late)s of them late.",
        numbers["count"],
    ) % {name: counted(numbers[name]) for name in ("count", "open", "late")}
    listed = found.order_by("points", "-opened_at", "-pk")[:most] if most else []
    rows = [
        Row(
            f"{one.number} {one.title}",
            reverse("cases:case", args=[one.pk]),
            one.closed_at or one.opened_at,
            _state(one, now),
        )
        for one in listed
    ]
    return Part("cases", label, round(numbers["mean"]), words, rows, numbers["count"])


def _state(case: Matter, now: dt.datetime) -> str:
    if case.closed_at is not None:
        return _("Closed")
    return _("Late") if case.due_at is not None and case.due_at < now else _("Open")
