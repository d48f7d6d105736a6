"""Telling owners of the clocks of their cases: once when time is short, once when it is over."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Via
from enishi.accounts.models import User
from enishi.cases.models import Case, CaseAlert
from enishi.cases.services.rules import address, called
from enishi.core import clock
from enishi.timeline.services import notify

SOON = dt.timedelta(days=2)
Moment = CaseAlert.Moment


def remind_all() -> int:
    """The periodic job: tell every owner of what came nearer since the last time; returns how many were told."""
    edge = clock.now() + SOON
    told = CaseAlert.objects.filter(
        case=OuterRef("pk"), user=OuterRef("owner"), due_at=OuterRef("due_at"), moment=Moment.OVER
    )
    waiting = Case.objects.unscoped("whose cases are due").filter(
        ~Exists(told), owner__is_active=True, closed_at__isnull=True, due_at__lt=edge
    )
    owners = sorted(set(waiting.order_by().values_list("owner", flat=True)))
    return sum(_remind(user) for user in User.objects.filter(pk__in=owners).order_by("pk"))


@transaction.atomic
def _remind(user: User) -> int:
    """Remind one user of what they own and may still read. The unique row comes first, then the notification."""
    now, made = clock.now(), 0
    actor = accounts.actor(user, via=Via.JOB)
    mine = Case.objects.visible_to(actor).filter(owner=user, closed_at__isnull=True, due_at__lt=now + SOON)
    for case in mine.order_by("due_at", "pk"):
        assert case.due_at is not None
        moment = Moment.OVER if case.due_at < now else Moment.SOON
        # What came in with so little time needs no reminder of it.
        if moment == Moment.SOON and case.opened_at > case.due_at - SOON:
            continue
        _row, new = CaseAlert.objects.get_or_create(case=case, user=user, moment=moment, due_at=case.due_at)
        if new:
            with translation.override(user.language):
                title = _("Over time: %(case)s") if moment == Moment.OVER else _("Time is short: %(case)s")
                if case.is_paused and case.due_at == case.look_again_at:
                    title = _("Look at it again: %(case)s")
                notify([user.pk], kind="case", title=title % {"case": called(case)}, url=address(case))
            made += 1
    return made
