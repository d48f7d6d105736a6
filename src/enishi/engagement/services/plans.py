"""The plan of who is heard or told, when and how: writing lines, making their times, saying what became of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.contacts.models import Party, Tag
from enishi.conversations.models import Interaction
from enishi.core import clock
from enishi.core.calendar import CalendarError, occurrences, parse_rule
from enishi.core.events import Event
from enishi.core.text import clean, strip_bidi
from enishi.engagement import signals
from enishi.engagement.models import Method, PlanLine, PlanStep
from enishi.engagement.services import rules
from enishi.engagement.services.rules import PLAN, VIEW, Conflict, EngagementError
from enishi.timeline.models import Entry
from enishi.timeline.services import differences, record

AHEAD = dt.timedelta(days=92)
NEAR_DAYS = 3
_WHY = "of a line that the actor may change"
_FIELDS = ("party_id", "tag_id", "aim", "method", "channel", "owner_id", "starts_on", "rule")
State = PlanStep.State


@transaction.atomic
def plan(
    actor: Actor,
    *,
    project: Project,
    aim: str,
    method: str,
    starts_on: dt.date,
    party: Party | None = None,
    tag: Tag | None = None,
    channel: str = "",
    owner: User | None = None,
    rule: str = "",
) -> tuple[PlanLine, Entry]:
    """Write a line with its times of the next three months (of one without a rule, its one day).

    Raises EngagementError for what cannot be used.
    """
    actor.require(PLAN, project.pk)
    line = PlanLine(
        project=project,
        party=party,
        tag=tag,
        aim=_words(aim),
        method=Method(method),
        channel=channel,
        owner=owner,
        starts_on=starts_on,
        rule=_rule(rule),
        confidentiality=max(project.default_level, party.confidentiality if party else 0),
        created_at=clock.now(),
    )
    if (party is None) == (tag is None):
        raise EngagementError(_("Say whom it is about: one person or organisation, or a tag."), "person")
    if party is not None:
        rules.check_party(project, party)
    if tag is not None and tag.project_id not in (None, project.pk):
        raise EngagementError(_("This tag belongs to another project."), "tag")
    _check_owner(line)
    line.save()
    _make_steps([line])
    changes = differences({}, {name: getattr(line, name) for name in _FIELDS if getattr(line, name)})
    return line, _record(actor, signals.plan_made, line, changes)


def _words(aim: str) -> str:
    aim = " ".join(strip_bidi(clean(aim)).split())
    if not aim:
        raise EngagementError(_("Say in a few words what it is for."), "aim")
    return aim[:300]


def _rule(rule: str) -> str:
    if not rule.strip():
        return ""
    try:
        return parse_rule(rule).text
    except CalendarError as error:
        raise EngagementError(str(error), "rule") from None


def _check_owner(line: PlanLine) -> None:
    owner = line.owner
    if owner is None:
        return
    if not accounts.readers(VIEW, [line.project_id], line.confidentiality).filter(pk=owner.pk).exists():
        raise EngagementError(
            _(
                "%(name)s may not read this. Choose another owner, or give %(name)s a role in %(project)s first."
            )
            % {"name": owner.name, "project": line.project.name},
            "owner",
        )


def _record(actor: Actor, event: Event, line: PlanLine, changes: Any = None, **data: Any) -> Entry:
    return record(actor, event, subject=line, party_id=line.party_id, changes=changes or {}, data=data)


def _make_steps(lines: Sequence[PlanLine]) -> None:
    """Make the times of lines up to three months from now; those that are there stay."""
    until = clock.today() + AHEAD
    steps = []
    for line in lines:
        steps += [PlanStep(line=line, due_on=day) for day in _days(line, until)]
        line.made_until = until
    PlanStep.objects.bulk_create(steps, ignore_conflicts=True, batch_size=1000)
    PlanLine.objects.unscoped(_WHY).bulk_update(lines, ["made_until"], batch_size=500)


def _days(line: PlanLine, until: dt.date) -> Iterable[dt.date]:
    if not line.rule:
        return [line.starts_on]
    after = line.made_until + dt.timedelta(days=1) if line.made_until else line.starts_on
    # The first time is made whenever it is, so that no line is without any.
    found = occurrences(line.rule, line.starts_on, after=after, before=max(until, line.starts_on))
    return found if line.made_until else (found or [line.starts_on])


@transaction.atomic
def extend_plans() -> None:
    """Make the next times of everything that repeats. Safe to repeat."""
    running = PlanLine.objects.unscoped("the daily job").filter(ended_at__isnull=True).exclude(rule="")
    due = running.filter(made_until__lt=clock.today() + AHEAD - dt.timedelta(days=7)).order_by("pk")
    _make_steps(list(due.select_for_update(no_key=True, of=("self",), skip_locked=True)))


def _locked(actor: Actor, step: PlanStep) -> PlanStep:
    actor.require(PLAN, step.line.project_id)
    return (
        PlanStep.objects.select_related("line__project", "line__party")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=step.pk)
    )


def _settle(actor: Actor, step: PlanStep, event: Event, **values: Any) -> Entry:
    """Change a step and write down what it was before, by which the change can be undone."""
    before = {name: getattr(step, name) for name in ("state", "done_on", "interaction_id", "note")}
    for name, value in values.items():
        setattr(step, name, value)
    step.save(update_fields=["state", "done_on", "interaction", "note"])
    after = {name: getattr(step, name) for name in before}
    changes = {name: pair for name, pair in differences(before, after).items() if name != "interaction_id"}
    ids = {"_step": step.pk, "_before": before}
    return _record(actor, event, step.line, changes, due_on=step.due_on, **ids)


@transaction.atomic
def fulfil(
    actor: Actor,
    step: PlanStep,
    *,
    interaction: Interaction | None = None,
    done_on: dt.date | None = None,
    note: str = "",
) -> Entry:
    """Say that a step is done: by a conversation, or on a day in some other way."""
    row = _locked(actor, step)
    if row.state != State.OPEN:
        raise Conflict(_("This is settled already."))
    day = timezone.localdate(interaction.occurred_at) if interaction else done_on or clock.today()
    if day > clock.today():
        raise EngagementError(_("This day has not come yet."), "done_on")
    note = " ".join(clean(note).split())[:300]
    return _settle(
        actor, row, signals.plan_fulfilled, state=State.DONE, done_on=day, interaction_id=interaction and interaction.pk, note=note
    )  # fmt: skip


@transaction.atomic
def leave_out(actor: Actor, step: PlanStep, *, note: str = "") -> Entry:
    """Say that a step is not done and will not be; with the reason, if there is one."""
    row = _locked(actor, step)
    if row.state != State.OPEN:
        raise Conflict(_("This is settled already."))
    return _settle(
        actor, row, signals.plan_left_out, state=State.LEFT, note=" ".join(clean(note).split())[:300]
    )


@transaction.atomic
def reopen_step(actor: Actor, step: PlanStep) -> Entry:
    """Let a step that was settled be open again."""
    row = _locked(actor, step)
    return _settle(
        actor, row, signals.plan_reopened, state=State.OPEN, done_on=None, interaction_id=None, note=""
    )


@transaction.atomic
def end_line(actor: Actor, line: PlanLine) -> Entry:
    """Plan no more times of a line: what was done stays, what is open to come goes."""
    actor.require(PLAN, line.project_id)
    changed = (
        PlanLine.objects.unscoped(_WHY).filter(pk=line.pk, ended_at__isnull=True).update(ended_at=clock.now())
    )
    if not changed:
        raise Conflict(_("This line is ended already."))
    gone = PlanStep.objects.filter(line=line, state=State.OPEN)
    days = sorted(gone.values_list("due_on", flat=True))
    gone.delete()
    return _record(actor, signals.plan_ended, line, _days_left=days)


@transaction.atomic
def take_up_line(actor: Actor, line: PlanLine, days: Iterable[dt.date]) -> Entry:
    """Take an ended line up again, with the days that were open then."""
    actor.require(PLAN, line.project_id)
    PlanLine.objects.unscoped(_WHY).filter(pk=line.pk).update(ended_at=None)
    PlanStep.objects.bulk_create([PlanStep(line=line, due_on=day) for day in days], ignore_conflicts=True)
    return _record(actor, signals.plan_resumed, line)


@transaction.atomic
def link_talk(actor: Actor, interaction_id: int) -> None:
    """Let a conversation that was just logged fulfil what was planned with these people for these days.

    Only lines about one person are settled by themselves: same project, the channel that was planned (or none was), at most three days
    away, the nearest of each line. Lines about a tag are proposed. Safe to repeat.
    """
    talk = Interaction.objects.unscoped("links what was planned").filter(pk=interaction_id).first()
    if talk is None or talk.deleted_at is not None:
        return
    day = timezone.localdate(talk.occurred_at)
    near = (
        PlanStep.objects.filter(
            state=State.OPEN,
            due_on__range=(day - dt.timedelta(days=NEAR_DAYS), day + dt.timedelta(days=NEAR_DAYS)),
            line__project_id__in=talk.project_ids,
            line__party__in=talk.participants.filter(party__isnull=False).values("party"),
            line__channel__in=["", talk.channel],
            line__ended_at__isnull=True,
            # Who reads the line learns of the conversation.
            line__confidentiality__gte=talk.confidentiality,
        )
        .exclude(line__steps__interaction=talk)
        .select_related("line__project", "line__party")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    nearest: dict[int, PlanStep] = {}
    for step in near:
        best = nearest.get(step.line_id)
        if best is None or abs(step.due_on - day) < abs(best.due_on - day):
            nearest[step.line_id] = step
    for step in nearest.values():
        _settle(
            actor, step, signals.plan_fulfilled, state=State.DONE, done_on=min(day, clock.today()), interaction_id=talk.pk
        )  # fmt: skip


@transaction.atomic
def put_back(actor: Actor, step: PlanStep, *, now: str, before: Mapping[str, Any]) -> Entry:
    """Take a change of a step back, unless it was changed since."""
    row = _locked(actor, step)
    if row.state != now:
        raise Conflict(_("It has been changed since, so the earlier change cannot be taken back."))
    day = before["done_on"]
    values = {**before, "done_on": dt.date.fromisoformat(day) if day else None}
    return _settle(
        actor,
        row,
        signals.plan_reopened if before["state"] == State.OPEN else signals.plan_fulfilled,
        **values,
    )
