"""Telling whoever oversees a project that something stays late: each step once, in the app and by mail."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.core import clock, jobs
from enishi.core.calendar import BusinessCalendar
from enishi.due import queries
from enishi.due.kinds import Escalating, kinds
from enishi.due.models import Escalation
from enishi.timeline.services import notify

# What was due to be told longer ago is not told any more: a rule that is new does not wake up the past.
STALE = dt.timedelta(days=14)
# No step reaches further back: 250 business days with their weekends and holidays, and the two weeks above.
FURTHEST = dt.timedelta(days=420)


def escalate_all(actor: Actor) -> int:
    """The periodic job: take every step that is due; returns how many people were told. Safe to repeat."""
    found = {name: kind for name, kind in kinds().items() if isinstance(kind, Escalating)}
    rules = queries.rules()
    return sum(_escalate(actor, name, kind, rules) for name, kind in found.items())


def _escalate(actor: Actor, name: str, kind: Escalating, rules: queries.Rules) -> int:
    now = clock.now()
    rows = kind.model.objects.unscoped("what stays late, to tell who may read it")
    late = kind.late(rows).filter(falls_at__lt=now, falls_at__gt=now - FURTHEST)
    told_of = Escalation.objects.filter(subject_type=name, due_at__gt=now - FURTHEST)
    done = set(told_of.values_list("subject_id", "due_at", "days"))
    calendars: dict[int, BusinessCalendar] = {}
    zone = zoneinfo.ZoneInfo(accounts.organisation().time_zone)
    told = 0
    for row in late.select_related("project", "owner", *kind.related).order_by("falls_at", "pk"):
        if row.project_id not in calendars:
            calendars[row.project_id] = kind.calendar(row.project)
        calendar = calendars[row.project_id]
        for days, steps in rules.by_day(row.project_id).items():
            if (row.pk, row.falls_at, days) not in done and _is_due(row.falls_at, days, calendar, now, zone):
                users = {
                    user.pk: user for step in steps for user in queries.recipients(rules, step, kind, row)
                }
                told += _take(actor, name, kind, row, days, list(users.values()))
    return told


def _is_due(
    falls_at: dt.datetime, days: int, calendar: BusinessCalendar, now: dt.datetime, zone: dt.tzinfo
) -> bool:
    """Whether its day has come; on a day on which the project is closed nobody is told."""
    today = timezone.localdate(now, zone)
    day = calendar.add_business_days(timezone.localdate(falls_at, zone), days)
    return day <= today <= day + STALE and calendar.is_open(today)


@transaction.atomic
def _take(actor: Actor, name: str, kind: Escalating, row: Any, days: int, users: list[User]) -> int:
    """The unique row comes first; notification and mail job are of the same transaction, so neither comes twice."""
    told = []
    for user in users:
        escalation, created = Escalation.objects.get_or_create(
            subject_type=name,
            subject_id=row.pk,
            due_at=row.falls_at,
            days=days,
            user=user,
            defaults={"told_at": clock.now()},
        )
        if not created:
            continue
        told.append(user)
        with translation.override(user.language):
            notify([user.pk], kind="escalation", title=kind.late_title(row, days), url=kind.address(row))
        if user.reminder_mail:
            jobs.defer("due.send_escalation", escalation_id=escalation.pk)
    if told:
        kind.record(actor, row, days, told)
    return len(told)


def send_escalation(escalation_id: int) -> bool:
    """Send one mail in its reader's language; tells whether one was sent.

    It is marked first: after a crash in between it may be missing, but never comes twice. What was settled, moved or taken from
    the reader meanwhile is not told.
    """
    told = Escalation.objects.select_related("user").get(pk=escalation_id)
    kind, user = kinds().get(told.subject_type), told.user
    if not Escalation.objects.filter(pk=escalation_id, mailed_at=None).update(mailed_at=clock.now()):
        return False
    if not isinstance(kind, Escalating):
        return False
    rows = kind.late(kind.model.objects.unscoped("what is told by mail, to who may read it"))
    row = rows.filter(pk=told.subject_id, falls_at=told.due_at).select_related("owner", *kind.related).first()
    if row is None or not queries.readers(kind, row).filter(pk=user.pk).exists():
        return False
    with translation.override(user.language):
        subject = kind.late_title(row, told.days)
        context = {
            "user": user,
            "subject": subject,
            "row": row,
            "about": kind.line(row)[1],
            "sealed": row.confidentiality >= Level.CONFIDENTIAL,
            "url": f"{settings.ENV.base_url}{kind.address(row)}",
        }
        body = render_to_string("due/mail/escalation.txt", context)
    EmailMessage(subject=subject, body=body, to=[user.email]).send()
    return True
