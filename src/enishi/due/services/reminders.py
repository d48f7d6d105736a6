"""Reminding owners of what falls due: once for each moment in the app, and at most one mail a day."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import ngettext

from enishi.accounts import queries as accounts
from enishi.accounts.access import Via
from enishi.accounts.models import User
from enishi.core import clock, jobs
from enishi.due.kinds import SOON, Due, Moment, Rows, kinds, moment_of
from enishi.due.models import Digest, Reminder
from enishi.timeline.services import notify

# Digests leave from this hour of the reader's own day on.
MORNING = 7
_EVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def remind_all() -> int:
    """The periodic job: remind every owner of what came nearer since the last time; returns how many reminders."""
    now = clock.now()
    waiting: dict[int, set[str]] = defaultdict(set)
    for name, kind in kinds().items():
        rows = _near(name, kind, kind.model.objects.unscoped("whose things fall due"), now)
        for owner in rows.filter(owner__isnull=False).order_by().values_list("owner", flat=True).distinct():
            waiting[owner].add(name)
    made = 0
    for user in User.objects.filter(pk__in=waiting, is_active=True).order_by("pk"):
        try:
            made += remind(user, now, waiting[user.pk])
        except IntegrityError:
            # Another worker reminded this user at the same moment.
            continue
    return made


def _near(name: str, kind: Due, rows: Rows, now: dt.datetime) -> Rows:
    """What waits, falls due before the day after tomorrow ends anywhere, and was not told for the last time."""
    told = Reminder.objects.filter(
        subject_type=name,
        subject_id=OuterRef("pk"),
        user=OuterRef("owner"),
        due_at=OuterRef("falls_at"),
        moment=kind.last,
    )
    return kind.waiting(rows).filter(~Exists(told), falls_at__lt=now + SOON + dt.timedelta(days=1))


@transaction.atomic
def remind(user: User, now: dt.datetime, names: Collection[str]) -> int:
    """Remind one user of what they own of these kinds and may still read. The unique rows come first, then the notifications."""
    actor = accounts.actor(user, via=Via.JOB)
    zone = zoneinfo.ZoneInfo(user.time_zone)
    found: list[tuple[Reminder, Due, Any]] = []
    for name, kind in kinds().items():
        if name not in names:
            continue
        mine = _near(name, kind, kind.model.objects.visible_to(actor).filter(owner=user), now)
        rows = list(mine.order_by("falls_at", "pk"))
        told = _told(user, name, [row.pk for row in rows]) if rows else set()
        for row in rows:
            moment = kind.moment(row, now, zone)
            if moment is not None and (row.pk, moment, row.falls_at) not in told:
                reminder = Reminder(
                    subject_type=name,
                    subject_id=row.pk,
                    user=user,
                    moment=moment,
                    due_at=row.falls_at,
                    made_at=now,
                )
                found.append((reminder, kind, row))
    Reminder.objects.bulk_create([reminder for reminder, _kind, _row in found])
    with translation.override(user.language):
        for reminder, kind, row in found:
            title = kind.title(row, reminder.moment)
            notify([user.pk], kind=kind.notification, title=title, url=kind.address(row))
    return len(found)


def _told(user: User, name: str, ids: list[int]) -> set[tuple[int, str, dt.datetime]]:
    rows = Reminder.objects.filter(user=user, subject_type=name, subject_id__in=ids)
    return set(rows.values_list("subject_id", "moment", "due_at"))


def plan_digests() -> int:
    """The periodic job: from seven in the morning, one mail a day to whoever was reminded of something since the last."""
    now = clock.now()
    planned = 0
    waiting = Reminder.objects.filter(digest=None).order_by().values("user")
    for user in User.objects.filter(pk__in=waiting, is_active=True, reminder_mail=True).order_by("pk"):
        local = timezone.localtime(now, zoneinfo.ZoneInfo(user.time_zone))
        if local.hour >= MORNING:
            planned += _plan(user, local.date())
    return planned


@transaction.atomic
def _plan(user: User, day: dt.date) -> bool:
    digest, created = Digest.objects.get_or_create(user=user, day=day)
    if created:
        Reminder.objects.filter(user=user, digest=None).update(digest=digest)
        jobs.defer("due.send_digest", digest_id=digest.pk)
    return created


def send_digest(digest_id: int) -> bool:
    """Send one mail in its reader's language; tells whether one was sent.

    It is marked as sent first: after a crash in between a mail may be missing, but none goes out twice.
    """
    digest = Digest.objects.select_related("user").get(pk=digest_id)
    user = digest.user
    zone = zoneinfo.ZoneInfo(user.time_zone)
    with translation.override(user.language), timezone.override(zone):
        found = _still_waiting(digest, zone)
        if not Digest.objects.filter(pk=digest_id, sent_at=None).update(sent_at=clock.now()) or not found:
            return False
        total = sum(map(len, found.values()))
        subject = ngettext("%(n)s thing needs you", "%(n)s things need you", total) % {"n": total}
        groups = [(Moment(moment).label, lines) for moment, lines in found.items()]
        body = render_to_string("due/mail/digest.txt", {"user": user, "groups": groups})
    EmailMessage(subject=subject, body=body, to=[user.email]).send()
    return True


def _still_waiting(digest: Digest, zone: dt.tzinfo) -> dict[str, list[dict[str, object]]]:
    """What the mail tells: of the reminders since the last one, what is open and readable, under its present moment."""
    actor, now = accounts.actor(digest.user, via=Via.JOB), clock.now()
    ids: dict[str, set[int]] = defaultdict(set)
    for name, pk in digest.reminders.values_list("subject_type", "subject_id"):
        ids[name].add(pk)
    rows = [
        (row.falls_at, name, row.pk, kind, row)
        for name, kind in kinds().items()
        if ids[name]
        for row in kind.waiting(
            kind.model.objects.visible_to(actor).filter(pk__in=ids[name], owner=digest.user)
        ).select_related(*kind.related)
    ]
    found: dict[str, list[dict[str, object]]] = defaultdict(list)
    for falls_at, _name, _pk, kind, row in sorted(rows, key=lambda one: one[:3]):
        title, about = kind.line(row)
        url = f"{settings.ENV.base_url}{kind.address(row)}"
        line = {"title": title, "name": about, "due_at": falls_at, "url": url}
        found[moment_of(falls_at, _EVER, now, zone) or Moment.SOON].append(line)
    return {moment: found[moment] for moment in (Moment.LATE, Moment.DUE, Moment.SOON) if moment in found}
