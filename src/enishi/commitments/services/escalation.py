"""Telling whoever oversees a project that a promise of ours stays late: each step once, in the app and by mail."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project, User
from enishi.commitments import signals
from enishi.commitments.models import Escalation, EscalationStep, Promise
from enishi.commitments.queries import overseers
from enishi.commitments.queries.days import business_calendar
from enishi.commitments.services.repeating import office_zone
from enishi.commitments.services.rules import CommitmentError, address
from enishi.core import clock, jobs
from enishi.core.calendar import BusinessCalendar
from enishi.core.formats import format_number
from enishi.timeline.services import notify, record

SETTINGS = "accounts.settings"
# What was due to be told longer ago is not told any more: a rule that is new does not wake up the past.
STALE = dt.timedelta(days=14)
# No step reaches further back: 250 business days with their weekends and holidays, and the two weeks above.
FURTHEST = dt.timedelta(days=420)


def escalate_all(actor: Actor) -> int:
    """The periodic job: take every step that is due; returns how many people were told. Safe to repeat."""
    now = clock.now()
    rules = overseers.rules()
    late = Promise.objects.unscoped("what stays late, to tell who may read it").filter(
        state=Promise.State.OPEN, direction=Promise.Direction.OURS, negative=False, done_at__isnull=True,
        due_at__lt=now, due_at__gt=now - FURTHEST,
    )  # fmt: skip
    done = set(Escalation.objects.filter(promise__in=late).values_list("promise_id", "due_at", "days"))
    calendars: dict[int, BusinessCalendar] = {}
    told = 0
    for promise in late.select_related("project", "party", "owner").order_by("due_at", "pk"):
        if promise.project_id not in calendars:
            calendars[promise.project_id] = business_calendar(promise.project)
        for days, steps in rules.by_day(promise.project_id).items():
            if (promise.pk, promise.due_at, days) not in done and _is_due(
                promise, days, calendars[promise.project_id], now
            ):
                users = {
                    user.pk: user for step in steps for user in overseers.recipients(rules, step, promise)
                }
                told += _take(actor, promise, days, list(users.values()))
    return told


def _is_due(promise: Promise, days: int, calendar: BusinessCalendar, now: dt.datetime) -> bool:
    assert promise.due_at is not None
    zone = office_zone()
    today = timezone.localdate(now, zone)
    day = calendar.add_business_days(timezone.localdate(promise.due_at, zone), days)
    return day <= today <= day + STALE


@transaction.atomic
def _take(actor: Actor, promise: Promise, days: int, users: list[User]) -> int:
    """The unique row comes first; notification and mail job are of the same transaction, so neither comes twice."""
    assert promise.due_at is not None
    told = []
    for user in users:
        row, created = Escalation.objects.get_or_create(
            promise=promise,
            due_at=promise.due_at,
            days=days,
            user=user,
            defaults={"told_at": clock.now()},
        )
        if not created:
            continue
        told.append(user)
        with translation.override(user.language):
            notify([user.pk], kind="escalation", title=_title(promise, days), url=address(promise))
        if user.reminder_mail:
            jobs.defer("commitments.send_escalation", escalation_id=row.pk)
    if told:
        record(
            actor,
            signals.promise_escalated,
            subject=promise,
            party_id=promise.party_id,
            data={"days": days, "told": [user.name for user in told]},
        )
    return len(told)


def _title(promise: Promise, days: int) -> str:
    """Never the words of a confidential promise."""
    shown = {"n": days, "shown": format_number(days, translation.get_language() or "en")}
    if promise.confidentiality >= Level.CONFIDENTIAL:
        words = ngettext(
            "Something confidential is %(shown)s business day late",
            "Something confidential is %(shown)s business days late",
            days,
        )
        return words % shown
    words = ngettext(
        "%(shown)s business day late: %(title)s", "%(shown)s business days late: %(title)s", days
    )
    return words % {**shown, "title": promise.title}


def send_escalation(escalation_id: int) -> bool:
    """Send one mail in its reader's language; tells whether one was sent.

    It is marked first: after a crash in between it may be missing, but never comes twice. What was kept meanwhile is not told.
    """
    row = Escalation.objects.select_related("user", "promise__party", "promise__owner").get(pk=escalation_id)
    promise, user = row.promise, row.user
    if not Escalation.objects.filter(pk=escalation_id, mailed_at=None).update(mailed_at=clock.now()):
        return False
    readers = accounts.readers(
        overseers.VIEW, [promise.project_id], promise.confidentiality, owners=promise.owners()
    )
    if not promise.is_late(clock.now()) or not readers.filter(pk=user.pk).exists():
        return False
    sealed = promise.confidentiality >= Level.CONFIDENTIAL
    with translation.override(user.language):
        subject = _title(promise, row.days)
        body = render_to_string(
            "commitments/mail/escalation.txt",
            {
                "user": user,
                "subject": subject,
                "promise": promise,
                "sealed": sealed,
                "url": f"{settings.ENV.base_url}{address(promise)}",
            },
        )
    EmailMessage(subject=subject, body=body, to=[user.email]).send()
    return True


@transaction.atomic
def add_step(
    actor: Actor, *, days: int, to: str, user: User | None = None, project: Project | None = None
) -> EscalationStep:
    """Say whom to tell after so many business days, in a project with those below it or everywhere."""
    actor.require_everywhere(SETTINGS)
    wanted = EscalationStep.To(to)
    if wanted == EscalationStep.To.PERSON and user is None:
        raise CommitmentError(_("Choose whom to tell."), "user")
    step, created = EscalationStep.objects.get_or_create(
        project=project, days=days, to=wanted, user=user if wanted == EscalationStep.To.PERSON else None
    )
    if not created:
        raise CommitmentError(_("That step is there already."), "days")
    _record(
        actor,
        step,
        {"days": (None, days), "to": (None, str(wanted.label)), "user": (None, user.name if user else "")},
    )
    return step


@transaction.atomic
def remove_step(actor: Actor, step: EscalationStep) -> None:
    """Take a step away; a project without any follows the one above it."""
    actor.require_everywhere(SETTINGS)
    _record(actor, step, {"days": (step.days, None), "to": (str(EscalationStep.To(step.to).label), None)})
    step.delete()


def _record(actor: Actor, step: EscalationStep, changes: dict[str, tuple[object, object]]) -> None:
    record(
        actor,
        signals.escalation_changed,
        subject=step,
        changes={name: pair for name, pair in changes.items() if pair[0] or pair[1]},
        project_ids=[step.project_id] if step.project_id else [],
    )
