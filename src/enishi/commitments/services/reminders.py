"""Reminding owners of what falls due: once for each moment in the app, and at most one mail a day."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enishi.accounts import queries as accounts
from enishi.accounts.access import Level, ScopedQuerySet, Via
from enishi.accounts.models import User
from enishi.commitments.models import Digest, Promise, Reminder, Task
from enishi.commitments.services.rules import address
from enishi.core import clock, jobs
from enishi.timeline.services import notify

SOON = dt.timedelta(days=2)
# Digests leave from this hour of the reader's own day on.
MORNING = 7
Moment = Reminder.Moment
R = TypeVar("R", Promise, Task)


def remind_all() -> int:
    """The periodic job: remind every owner of what came nearer since the last time; returns how many reminders."""
    now = clock.now()
    made = 0
    for user in User.objects.filter(pk__in=_owners(now), is_active=True).order_by("pk"):
        try:
            made += remind(user, now)
        except IntegrityError:
            # Another worker reminded this user at the same moment.
            continue
    return made


def _due(model: type[Promise] | type[Task], now: dt.datetime) -> Q:
    """What may need a reminder: open, due before the day after tomorrow ends anywhere, not reminded of as late."""
    open_ = Q(done_at__isnull=True) & (Q(state=Promise.State.OPEN) if model is Promise else Q())
    name = "promise" if model is Promise else "task"
    told = Reminder.objects.filter(
        **{name: OuterRef("pk")}, user=OuterRef("owner"), due_at=OuterRef("due_at"), moment=Moment.LATE
    )
    return open_ & Q(owner__isnull=False, due_at__lt=now + SOON + dt.timedelta(days=1)) & ~Q(Exists(told))


def _owners(now: dt.datetime) -> set[int]:
    owners: set[int] = set()
    for model in (Promise, Task):
        rows = model.objects.unscoped("whose things fall due").filter(_due(model, now))
        owners |= set(rows.order_by().values_list("owner", flat=True).distinct())
    return owners


@transaction.atomic
def remind(user: User, now: dt.datetime) -> int:
    """Remind one user of what they own and may still read. The unique row comes first, then the notification."""
    actor = accounts.actor(user, via=Via.JOB)
    zone = zoneinfo.ZoneInfo(user.time_zone)
    reminders: list[tuple[Reminder, Promise | Task]] = []
    for model in (Promise, Task):
        told = _told(model, user)
        for row in (
            model.objects.visible_to(actor).filter(_due(model, now), owner=user).order_by("due_at", "pk")
        ):
            assert row.due_at is not None
            moment = moment_of(row.due_at, row.created_at, now, zone)
            if moment is not None and (row.pk, moment, row.due_at) not in told:
                reminders.append((_reminder(row, user, moment, row.due_at), row))
    Reminder.objects.bulk_create([reminder for reminder, _row in reminders])
    with translation.override(user.language):
        for reminder, row in reminders:
            notify([user.pk], kind="reminder", title=_title(row, reminder.moment), url=address(row))
    return len(reminders)


def _told(model: type[Promise] | type[Task], user: User) -> set[tuple[int, str, dt.datetime]]:
    name = "promise" if model is Promise else "task"
    rows = Reminder.objects.filter(Q(**{f"{name}__isnull": False}), user=user, due_at=F(f"{name}__due_at"))
    return set(rows.values_list(f"{name}_id", "moment", "due_at"))


def _reminder(row: Promise | Task, user: User, moment: str, due_at: dt.datetime) -> Reminder:
    return Reminder(
        promise=row if isinstance(row, Promise) else None,
        task=row if isinstance(row, Task) else None,
        user=user,
        moment=moment,
        due_at=due_at,
        made_at=clock.now(),
    )


def moment_of(due_at: dt.datetime, created_at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> str | None:
    """Of what to remind now, by the owner's own days; None when it is not near.

    What was written down on the very day it is due, or within the days before, needs no reminder of that.
    """
    if due_at < now:
        return Moment.LATE
    due, today, born = (moment.astimezone(zone).date() for moment in (due_at, now, created_at))
    if due == today:
        return Moment.DUE if born < due else None
    if due - today <= SOON:
        return Moment.SOON if due - born > SOON else None
    return None


def _title(row: Promise | Task, moment: str) -> str:
    """Never the words of a confidential record: notifications show on screens that others see."""
    if row.confidentiality >= Level.CONFIDENTIAL:
        return {
            Moment.SOON: _("Something confidential is due soon."),
            Moment.DUE: _("Something confidential is due today."),
            Moment.LATE: _("Something confidential is late."),
        }[Moment(moment)]
    return {
        Moment.SOON: _("Due soon: %(title)s"),
        Moment.DUE: _("Due today: %(title)s"),
        Moment.LATE: _("Late: %(title)s"),
    }[Moment(moment)] % {"title": row.title}


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
        jobs.defer("commitments.send_digest", digest_id=digest.pk)
    return created


def send_digest(digest_id: int) -> bool:
    """Send one mail in its reader's language; tells whether one was sent.

    It is marked as sent first: after a crash in between a mail may be missing, but none goes out twice.
    """
    digest = Digest.objects.select_related("user").get(pk=digest_id)
    user = digest.user
    found = _still_open(digest)
    if not Digest.objects.filter(pk=digest_id, sent_at=None).update(sent_at=clock.now()) or not found:
        return False
    total = sum(map(len, found.values()))
    zone = zoneinfo.ZoneInfo(user.time_zone)
    with translation.override(user.language), timezone.override(zone):
        subject = ngettext("%(n)s thing needs you", "%(n)s things need you", total) % {"n": total}
        groups = [(Moment(key).label, [_line(row) for row in rows]) for key, rows in found.items()]
        body = render_to_string("commitments/mail/digest.txt", {"user": user, "groups": groups})
    EmailMessage(subject=subject, body=body, to=[user.email]).send()
    return True


def _line(row: Promise | Task) -> dict[str, object]:
    """One thing in the mail; a confidential one without its words, for mail leaves the house."""
    sealed = row.confidentiality >= Level.CONFIDENTIAL
    return {
        "title": _("Something confidential") if sealed else row.title,
        "name": "" if sealed or row.party is None else row.party.full_name,
        "due_at": row.due_at,
        "url": f"{settings.ENV.base_url}{address(row)}",
    }


def _still_open(digest: Digest) -> dict[str, list[Promise | Task]]:
    """What the mail tells: of the reminders since the last one, what is open and readable, under its present moment."""
    actor = accounts.actor(digest.user, via=Via.JOB)
    now, zone = clock.now(), zoneinfo.ZoneInfo(digest.user.time_zone)
    reminders = list(digest.reminders.all())
    rows: list[Promise | Task] = []
    rows += _readable(
        Promise.objects.visible_to(actor).filter(state=Promise.State.OPEN, done_at=None),
        [r.promise_id for r in reminders],
        digest,
    )
    rows += _readable(
        Task.objects.visible_to(actor).filter(done_at=None), [r.task_id for r in reminders], digest
    )
    found: dict[str, list[Promise | Task]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.due_at or now, row.pk)):
        if row.due_at is not None:
            found[
                moment_of(row.due_at, dt.datetime.min.replace(tzinfo=dt.UTC), now, zone) or Moment.SOON
            ].append(row)
    return {key: found[key] for key in (Moment.LATE, Moment.DUE, Moment.SOON) if key in found}


def _readable(rows: ScopedQuerySet[R], ids: Iterable[int | None], digest: Digest) -> list[R]:
    return list(rows.filter(pk__in=[pk for pk in ids if pk], owner=digest.user).select_related("party"))
