"""Reports that are made and mailed by themselves: each colleague gets what they may see."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level, Via, system_actor
from enishi.accounts.models import Project, User
from enishi.commitments.queries import business_calendar
from enishi.core import clock, jobs
from enishi.core.documents import write_pdf
from enishi.reports import signals
from enishi.reports.definitions import KIND
from enishi.reports.models import Dispatch, Report, Schedule
from enishi.reports.queries import Choice, ReportError, clearance, document, frame_of, report
from enishi.reports.services.making import make_report
from enishi.reports.services.taking import file_name
from enishi.timeline.services import notify, record

EIGHT = dt.time(8)
LARGEST_ATTACHMENT = 5 << 20
MAKE = "reports.make"


@transaction.atomic
def schedule_report(
    actor: Actor,
    *,
    definition: str,
    choice: Choice,
    language: str,
    zone: str,
    rhythm: str,
    recipient_ids: Sequence[int],
) -> Schedule:
    """Have a report made and mailed from now on. Raises Forbidden, ReportError."""
    plan = KIND.get(definition)
    frame = frame_of(actor, plan, choice, language=language, zone=zone)
    recipients = _checked(definition, choice.project_id, recipient_ids)
    schedule = Schedule.objects.create(
        project=frame.project,
        confidentiality=choice.level,
        definition=definition,
        filters={"tag_id": choice.tag_id, "side": choice.side},
        language=language,
        time_zone=zone,
        rhythm=rhythm,
        user_id=actor.user_id,
        next_at=next_time(rhythm, frame.project, zone, after=clock.now()),
        created_at=clock.now(),
    )
    schedule.recipients.set(recipients)
    names = [user.name for user in recipients]
    record(actor, signals.schedule_made, subject=schedule, data={"rhythm": rhythm, "recipients": names})
    return schedule


@transaction.atomic
def change_schedule(
    actor: Actor, schedule: Schedule, *, rhythm: str, recipient_ids: Sequence[int]
) -> Schedule:
    """Another rhythm or other recipients. Raises Forbidden, ReportError."""
    require_change(actor, schedule)
    before = sorted(schedule.recipients.values_list("name", flat=True))
    recipients = _checked(schedule.definition, schedule.project_id, recipient_ids)
    was, schedule.rhythm = schedule.rhythm, rhythm
    schedule.next_at = next_time(rhythm, schedule.project, schedule.time_zone, after=clock.now())
    schedule.save(update_fields=["rhythm", "next_at"])
    schedule.recipients.set(recipients)
    changes = {"rhythm": (was, rhythm), "recipients": (before, sorted(user.name for user in recipients))}
    record(
        actor,
        signals.schedule_changed,
        subject=schedule,
        changes={name: pair for name, pair in changes.items() if pair[0] != pair[1]},
    )
    return schedule


@transaction.atomic
def pause_schedule(actor: Actor, schedule: Schedule, *, paused: bool) -> Schedule:
    """Stop sending, or go on; what was missed meanwhile is not sent later."""
    require_change(actor, schedule)
    was = schedule.paused_at
    schedule.paused_at, schedule.trouble = (clock.now() if paused else None), ""
    schedule.next_at = next_time(schedule.rhythm, schedule.project, schedule.time_zone, after=clock.now())
    schedule.save(update_fields=["paused_at", "trouble", "next_at"])
    record(
        actor, signals.schedule_changed, subject=schedule, changes={"paused_at": (was, schedule.paused_at)}
    )
    return schedule


@transaction.atomic
def end_schedule(actor: Actor, schedule: Schedule) -> None:
    """Send no more; the reports that were made stay."""
    require_change(actor, schedule)
    record(actor, signals.schedule_ended, subject=schedule, data={"definition": schedule.definition})
    schedule.delete()


def require_change(actor: Actor, schedule: Schedule) -> None:
    """Raise Forbidden unless the actor makes reports where this one is about."""
    if schedule.project_id is None:
        actor.require_everywhere(MAKE)
    else:
        actor.require(MAKE, schedule.project_id)


def _checked(definition: str, project_id: int | None, user_ids: Sequence[int]) -> list[User]:
    """Colleagues who may see such a report, at least what is open in it. Raises ReportError naming the others."""
    users = list(accounts.users().filter(pk__in=list(user_ids)))
    plan = KIND.get(definition)
    others = [user.name for user in users if _level(user, plan.code, project_id) is None]
    if others:
        words = {"names": ", ".join(others)}
        raise ReportError(
            _("%(names)s may not see this report. Leave them out, or give them a role there first.") % words,
            "recipients",
        )
    if not users:
        raise ReportError(_("Choose at least one colleague."), "recipients")
    return users


def _level(user: User, definition: str, project_id: int | None) -> int | None:
    return clearance(accounts.actor(user, via=Via.JOB), KIND.get(definition), project_id, make=False)


def next_time(rhythm: str, project: Project | None, zone: str, *, after: dt.datetime) -> dt.datetime:
    """The next Monday, or the first business day of the next month that is to come, at eight."""
    tz = zoneinfo.ZoneInfo(zone)
    day = after.astimezone(tz).date()
    if rhythm == Schedule.Rhythm.WEEKLY:
        found = _at_eight(day - dt.timedelta(days=day.weekday()), tz)
        return found if found > after else _at_eight(found.date() + dt.timedelta(days=7), tz)
    calendar = business_calendar(project, accounts.organisation().country)
    first = day.replace(day=1)
    while True:
        found = _at_eight(calendar.next_open(first), tz)
        if found > after:
            return found
        first = (first + dt.timedelta(days=32)).replace(day=1)


def _at_eight(day: dt.date, tz: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, EIGHT, tzinfo=tz)


def period(rhythm: str, due: dt.date) -> tuple[dt.date, dt.date]:
    """The days that a report of that day is about: the seven before it, or the month before its own."""
    if rhythm == Schedule.Rhythm.WEEKLY:
        return due - dt.timedelta(days=7), due - dt.timedelta(days=1)
    last = due.replace(day=1) - dt.timedelta(days=1)
    return last.replace(day=1), last


def send_due() -> int:
    """The periodic job: put what is due into the queue; what was missed while nothing ran is sent once."""
    now = clock.now()
    due = Schedule.objects.unscoped("the clock of all schedules").filter(
        paused_at__isnull=True, next_at__lte=now
    )
    found = 0
    for schedule in due.select_related("project"):
        following = next_time(schedule.rhythm, schedule.project, schedule.time_zone, after=now)
        with transaction.atomic():
            claimed = Schedule.objects.unscoped("its own clock").filter(
                pk=schedule.pk, next_at=schedule.next_at
            )
            if claimed.update(next_at=following):
                moment = schedule.next_at.isoformat()
                jobs.defer("reports.dispatch", schedule_id=schedule.pk, due_at=moment)
                found += 1
    return found


@transaction.atomic
def dispatch(schedule_id: int, due_at: dt.datetime) -> Dispatch | None:
    """Make the reports of one time and mail them: one for each level at which somebody reads, and for whoever is
    kept out of something. Repeated, it does nothing."""
    schedule = (
        Schedule.objects.unscoped("a job of somebody who was allowed to plan it")
        .select_related("project", "user")
        .filter(pk=schedule_id, paused_at__isnull=True)
        .first()
    )
    if schedule is None or schedule.dispatches.filter(due_at=due_at).exists():
        return None
    if reason := _hindrance(schedule):
        _stop(schedule, reason)
        return None
    groups: dict[tuple[int, frozenset[tuple[str, int]]], list[User]] = defaultdict(list)
    left_out: list[str] = []
    for user in schedule.recipients.order_by("pk"):
        level = _level(user, schedule.definition, schedule.project_id) if user.is_active else None
        if level is None:
            left_out.append(user.name)
        else:
            groups[min(level, schedule.confidentiality), _kept_from(user)].append(user)
    sent = Dispatch.objects.create(
        schedule=schedule,
        due_at=due_at,
        at=clock.now(),
        sent=sum(map(len, groups.values())),
        left_out=left_out,
    )
    since, until = period(schedule.rhythm, due_at.astimezone(zoneinfo.ZoneInfo(schedule.time_zone)).date())
    for (level, _kept), users in groups.items():
        made = make_report(
            accounts.actor(users[0], via=Via.JOB),
            definition=schedule.definition,
            choice=Choice(schedule.project_id, since, until, level, **schedule.filters),
            language=schedule.language,
            zone=schedule.time_zone,
            at_once=True,
            make=False,
        )
        sent.reports.add(made)
        for user in users:
            jobs.defer("reports.mail", report_id=made.pk, user_id=user.pk)
    actor = system_actor("scheduled reports")
    record(actor, signals.report_sent, subject=schedule, data={"sent": sent.sent, "left_out": left_out})
    if left_out:
        with translation.override(schedule.user.language if schedule.user else schedule.language):
            title = _("Not sent to %(names)s: they may not see this report any more.") % {
                "names": ", ".join(left_out)
            }
        _tell(schedule, title)
    return sent


def _kept_from(user: User) -> frozenset[tuple[str, int]]:
    """What is kept from somebody: whoever is kept out of a case gets a report without it."""
    kept = accounts.actor(user, via=Via.JOB).kept_from
    return frozenset((kind, pk) for kind, ids in kept.items() if kind != "reports.report" for pk in ids)


def _hindrance(schedule: Schedule) -> str:
    """Why nothing can be sent any more, in the language of whoever planned it."""
    user = schedule.user
    with translation.override(user.language if user else schedule.language):
        if schedule.project is not None and schedule.project.archived_at is not None:
            return _("The project %(project)s is archived.") % {"project": schedule.project.name}
        if user is None or not user.is_active:
            return _("Whoever planned it works here no more. Plan it anew.")
        allowed = clearance(
            accounts.actor(user, via=Via.JOB), KIND.get(schedule.definition), schedule.project_id
        )
        if allowed is None or allowed < schedule.confidentiality:
            return _("%(name)s, who planned it, may not make this report any more.") % {"name": user.name}
    return ""


def _stop(schedule: Schedule, reason: str) -> None:
    schedule.paused_at, schedule.trouble = clock.now(), reason[:500]
    schedule.save(update_fields=["paused_at", "trouble"])
    record(
        system_actor("scheduled reports"),
        signals.schedule_changed,
        subject=schedule,
        changes={"paused_at": (None, schedule.paused_at), "trouble": ("", reason)},
    )
    _tell(schedule, reason)


def _tell(schedule: Schedule, title: str) -> None:
    if schedule.user_id is not None:
        url = reverse("reports:schedule", args=[schedule.pk])
        notify([schedule.user_id], kind="reports.schedule", title=title, url=url)


def mail_report(report_id: int, user_id: int) -> bool:
    """Mail one report to one colleague who may still see it. A confidential one stays in the house: the mail leads there."""
    user = accounts.person(user_id)
    try:
        found = report(accounts.actor(user, via=Via.JOB), report_id)
    except Report.DoesNotExist:
        return False
    if not user.is_active:
        return False
    sealed = found.confidentiality >= Level.CONFIDENTIAL
    with translation.override(user.language), timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
        label = str(KIND.get(found.definition).label)
        words = {
            "user": user,
            "report": found,
            "label": label,
            "sealed": sealed,
            "url": f"{settings.ENV.base_url}{reverse('reports:report', args=[found.pk])}",
        }
        subject = label if sealed else f"{label}: {found.title}"
        message = EmailMessage(
            subject=subject, body=render_to_string("reports/mail/report.txt", words), to=[user.email]
        )
    pdf = b"" if sealed else write_pdf(document(found))
    if pdf and len(pdf) <= LARGEST_ATTACHMENT:
        message.attach(f"{file_name(found)}.pdf", pdf, "application/pdf")
    message.send()
    return True
