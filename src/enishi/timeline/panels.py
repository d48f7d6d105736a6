"""Where the history stands in the navigation, and where its own records have their pages."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Forbidden
from enishi.accounts.leaving import Leaving
from enishi.accounts.models import User
from enishi.core import clock
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, Shown, add_menu, panel, provide
from enishi.timeline import queries, words
from enishi.timeline.handover import moving, planning
from enishi.timeline.personal import TimelineKeeper

CHANGES = 8
SATURDAY = 5

add_menu(
    MenuEntry(
        "insight", _("History and proof"), "timeline:history", "history", right="timeline.view", order=80
    )
)


@provide("timeline.url", "timeline.check")
def check_url(subject_id: int) -> str:
    return reverse("timeline:proof")


provide("timeline.undo", moving.KIND)(moving.UndoHandover)
provide(PLACE, TimelineKeeper.code)(TimelineKeeper)


@panel("accounts.person", order=10)
def open_work(actor: Actor, person: User) -> Shown | None:
    """What somebody looks after, on their page in the set-up and on one's own."""
    try:
        groups = planning.held_by(actor, person)
    except Forbidden:
        return None
    return Shown(
        "timeline/handover/panel.html",
        {
            "person": person,
            "own": actor.user_id == person.pk,
            "count": sum(group.count for group in groups),
            "done": queries.handovers(actor, person.pk).exists(),
        },
    )


@provide("accounts.leaving", "handover")
def left_behind(actor: Actor, person: User) -> Leaving:
    """What stays with somebody whose account is switched off."""
    return Leaving(planning.held_count(actor, person), reverse("handover:start", args=[person.pk]))


@panel("home.side", order=60)
def what_changed(actor: Actor, project_id: int | None) -> Shown | None:
    """What colleagues changed in the reader's projects since the end of the last working day."""
    if not actor.may("timeline.view"):
        return None
    since = last_evening(timezone.localtime(clock.now()))
    entries = queries.by_others(actor, since=since, limit=CHANGES, project_id=project_id)
    return Shown(
        "timeline/changed.html", {"since": since, "changes": [words.told(actor, entry) for entry in entries]}
    )


def last_evening(now: dt.datetime) -> dt.datetime:
    """Six in the evening of the weekday before."""
    day = now - dt.timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day -= dt.timedelta(days=1)
    return day.replace(hour=18, minute=0, second=0, microsecond=0)
