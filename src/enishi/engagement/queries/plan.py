"""The plan of a project: what is to be done and by whom, what was done, and which conversations may have done it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party, PartyTag, Tag
from enishi.conversations.models import Interaction, InteractionQuerySet, Participant
from enishi.core import clock
from enishi.engagement.models import PlanLine, PlanStep
from enishi.engagement.queries.people import Wanted, stakeholders

PAGE = 50
AROUND = dt.timedelta(days=14)
SOON = dt.timedelta(days=14)
MOST_TALKS = 2000
PROPOSED = 3
State = PlanStep.State


@dataclass
class Row:
    """A step with the conversations that may have fulfilled it; of a tag, how many of its people were met."""

    step: PlanStep
    talk: Interaction | None = None
    proposed: list[Interaction] = field(default_factory=list)
    members: int = 0
    met: int = 0

    @property
    def late(self) -> bool:
        return self.step.state == State.OPEN and self.step.due_on < clock.today()


@dataclass(frozen=True)
class Plan:
    """One page. ``planned`` counts what was due up to today, ``done`` and ``late`` what became of it."""

    rows: Sequence[Row]
    planned: int
    done: int
    late: int
    next: str = ""


def visible_lines(actor: Actor) -> QuerySet[PlanLine]:
    """Lines whose person, if it is about one, the actor may see too."""
    people = Party.objects.visible_to(actor).present()
    return PlanLine.objects.visible_to(actor).filter(Q(party__isnull=True) | Q(party__in=people))


def visible_steps(actor: Actor) -> QuerySet[PlanStep]:
    return PlanStep.objects.filter(line__in=visible_lines(actor))


def line(actor: Actor, line_id: int) -> PlanLine:
    """One line; raises PlanLine.DoesNotExist."""
    return visible_lines(actor).select_related("project", "party", "tag", "owner").get(pk=line_id)


def step(actor: Actor, step_id: int) -> PlanStep:
    """One step; raises PlanStep.DoesNotExist."""
    return visible_steps(actor).select_related("line__project", "line__party").get(pk=step_id)


def talk(actor: Actor, step: PlanStep, interaction_id: int) -> Interaction:
    """A conversation that may have fulfilled the step; raises Interaction.DoesNotExist."""
    return _talks(actor, step.line.project_id).get(pk=interaction_id)


def _talks(actor: Actor, project_id: int) -> InteractionQuerySet:
    found: InteractionQuerySet = Interaction.objects.visible_to(actor)
    return found.present().filter(project_ids__contains=[project_id])


def plan_of(actor: Actor, project_id: int, *, state: str = "open", after: str = "") -> Plan:
    """One page of the plan: what is open by day (the late first), or what was settled, newest first."""
    mine = visible_steps(actor).filter(line__project=project_id)
    today = clock.today()
    counted = mine.aggregate(
        planned=Count("pk", filter=Q(due_on__lte=today) & ~Q(state=State.LEFT)),
        done=Count("pk", filter=Q(due_on__lte=today, state=State.DONE)),
        late=Count("pk", filter=Q(due_on__lt=today, state=State.OPEN)),
    )
    related = mine.select_related("line__party", "line__tag", "line__owner", "line__project")
    day, _tilde, number = after.partition("~")
    place = (day, int(number)) if number.isdecimal() and len(number) < 18 and _is_day(day) else None
    if state == "open":
        found = related.filter(state=State.OPEN).order_by("due_on", "pk")
        if place:
            found = found.filter(due_on__gte=place[0]).exclude(due_on=place[0], pk__lte=place[1])
    else:
        found = related.exclude(state=State.OPEN).order_by("-due_on", "-pk")
        if place:
            found = found.filter(due_on__lte=place[0]).exclude(due_on=place[0], pk__gte=place[1])
    steps = list(found[: PAGE + 1])
    rows = [Row(one) for one in steps[:PAGE]]
    _fill(actor, project_id, rows)
    last = rows[-1].step if len(steps) > PAGE else None
    return Plan(rows, **counted, next=f"{last.due_on.isoformat()}~{last.pk}" if last else "")


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fill(actor: Actor, project_id: int, rows: Sequence[Row]) -> None:
    """Find who belongs to the tags, and the conversations around the days: three questions, whatever the number of rows."""
    today = clock.today()
    linked = {row.step.interaction_id for row in rows if row.step.interaction_id}
    near = [row for row in rows if row.step.due_on <= today + AROUND]
    members = _members(actor, project_id, {row.step.line.tag_id for row in rows if row.step.line.tag_id})
    people = {row.step.line.party_id for row in near if row.step.line.party_id}
    people |= {pk for row in near for pk in members.get(row.step.line.tag_id or 0, ())}
    talks: dict[int, Interaction] = {}
    of_party: dict[int, list[Interaction]] = defaultdict(list)
    visible = _talks(actor, project_id)
    if near and people:
        first, last = (
            min(row.step.due_on for row in near) - AROUND,
            max(row.step.due_on for row in near) + AROUND,
        )
        inside = visible.filter(occurred_at__date__range=(first, last))
        joined = Participant.objects.filter(party__in=people, interaction__in=inside).select_related(
            "interaction"
        )
        for one in joined.order_by("-interaction__occurred_at", "-pk")[:MOST_TALKS]:
            if one.party_id is not None:
                talks[one.interaction_id] = one.interaction
                of_party[one.party_id].append(one.interaction)
    if linked - set(talks):
        talks |= visible.in_bulk(linked - set(talks))
    for row in rows:
        row.talk = talks.get(row.step.interaction_id or 0)
        _propose(row, members, of_party)


def _propose(row: Row, members: dict[int, set[int]], of_party: dict[int, list[Interaction]]) -> None:
    line, due = row.step.line, row.step.due_on
    group = members.get(line.tag_id, set()) if line.tag_id else {line.party_id or 0}
    found: dict[int, Interaction] = {}
    met = set()
    for party_id in group:
        for one in of_party.get(party_id, ()):
            if abs(timezone.localdate(one.occurred_at) - due) <= AROUND and line.channel in ("", one.channel):
                found[one.pk] = one
                met.add(party_id)
    row.members, row.met = (len(group), len(met)) if line.tag_id else (0, 0)
    if row.step.state == State.OPEN:
        nearest = sorted(
            found.values(), key=lambda one: (abs(timezone.localdate(one.occurred_at) - due), -one.pk)
        )
        row.proposed = nearest[:PROPOSED]


def _members(actor: Actor, project_id: int, tag_ids: set[int]) -> dict[int, set[int]]:
    """The people of the project with each tag or one below it."""
    if not tag_ids:
        return {}
    paths = dict(Tag.objects.filter(pk__in=tag_ids).values_list("pk", "path"))
    below = Q(pk__in=[])
    for path in paths.values():
        below |= Q(path=path) | Q(path__startswith=f"{path} / ")
    links = PartyTag.objects.filter(
        tag__in=Tag.objects.filter(below), party__in=stakeholders(actor, project_id)
    ).values_list("tag__path", "party_id")
    found: dict[int, set[int]] = {pk: set() for pk in tag_ids}
    for path, party_id in links:
        for pk, above in paths.items():
            if path == above or path.startswith(f"{above} / "):
                found[pk].add(party_id)
    return found


@prepared
def plan_of_party(actor: Actor, party_id: int) -> QuerySet[PlanStep]:
    """What is planned with one person: what is open, by day."""
    found = visible_steps(actor).filter(line__party=party_id, state=State.OPEN)
    return found.select_related("line__project").order_by("due_on", "pk")[:5]


def my_steps(actor: Actor, project_id: int | None) -> list[PlanStep]:
    """What the actor planned to have done by today, the latest first to be caught up."""
    found = visible_steps(actor).filter(line__owner=actor.own_id, state=State.OPEN, due_on__lte=clock.today())
    if project_id is not None:
        found = found.filter(line__project=project_id)
    return list(
        found.select_related("line__party", "line__tag", "line__project").order_by("due_on", "pk")[:20]
    )


def planned(actor: Actor, project_id: int) -> Q:
    """Limits parties to those with whom something is planned, by themselves or by a tag."""
    running = PlanLine.objects.visible_to(actor).filter(
        project=project_id, ended_at__isnull=True, steps__state=State.OPEN
    )
    tags = Tag.objects.filter(pk__in=running.filter(tag__isnull=False).values("tag"))
    below = Q(pk__in=[])
    for path in tags.values_list("path", flat=True).distinct():
        below |= Q(path=path) | Q(path__startswith=f"{path} / ")
    tagged = PartyTag.objects.filter(party=OuterRef("pk"), tag__in=Tag.objects.filter(below))
    return Q(Exists(running.filter(party=OuterRef("pk")))) | Q(Exists(tagged))


def stakeholder_or_none(actor: Actor, project_id: int, party_id: int) -> Party | None:
    return stakeholders(actor, project_id).filter(pk=party_id).first()


def stakeholders_like(actor: Actor, project_id: int, typed: str, *, limit: int = 8) -> list[Party]:
    """The stakeholders whom a typed name may mean."""
    if not typed.strip():
        return []
    found = stakeholders(actor, project_id, Wanted(text=typed))
    return list(found.order_by("sort_key", "pk")[:limit])


def tags_of(actor: Actor, project_id: int) -> QuerySet[Tag]:
    """The tags by which people of a project can be meant."""
    shared = Q(project__isnull=True) | Q(project=project_id)
    return Tag.objects.filter(shared, archived_at__isnull=True)


def needed_by_plan(label: str) -> list[QuerySet[Any, Any]]:
    """Whoever is still to be heard or told is not forgotten, however long ago the last contact was."""
    if label != "contacts.party":
        return []
    running = PlanLine.objects.unscoped("what is still needed, whoever may see it")
    return [running.filter(ended_at__isnull=True, party__isnull=False).values("party")]
