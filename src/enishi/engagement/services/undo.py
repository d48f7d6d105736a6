"""Taking back one's own last change, by its history entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.engagement import signals
from enishi.engagement.models import Handout, PlanLine, PlanStep, Rating
from enishi.engagement.services import handouts, plans
from enishi.engagement.services.ratings import restore_rating, withdraw_rating
from enishi.engagement.services.rules import EngagementError
from enishi.timeline.models import Entry

_WHY = "one's own change"


@transaction.atomic
def undo(actor: Actor, entry_id: int) -> Entry:
    """Take back a change that the actor made; returns the entry of it.

    Raises Entry.DoesNotExist for a change of somebody else, EngagementError when it cannot be taken back any more.
    """
    entry = Entry.objects.unscoped(_WHY).get(
        pk=entry_id, user_id=actor.own_id, event__startswith="engagement."
    )
    back = _BACK.get(entry.event)
    if back is None:
        raise EngagementError(_("This cannot be undone."))
    back(actor, entry)
    return entry


def _withdraw(actor: Actor, entry: Entry) -> None:
    rating = Rating.objects.unscoped(_WHY).get(pk=entry.subject_id)
    withdraw_rating(actor, rating, bring_back=entry.data.get("_withdrew"), _undoes=entry.pk)


def _restore(actor: Actor, entry: Entry) -> None:
    restore_rating(actor, Rating.objects.unscoped(_WHY).get(pk=entry.subject_id), _undoes=entry.pk)


def _line(entry: Entry) -> PlanLine:
    return PlanLine.objects.unscoped(_WHY).select_related("project", "party").get(pk=entry.subject_id)


def _end(actor: Actor, entry: Entry) -> None:
    plans.end_line(actor, _line(entry))


def _take_up(actor: Actor, entry: Entry) -> None:
    days = [dt.date.fromisoformat(day) for day in entry.data.get("_days_left", [])]
    plans.take_up_line(actor, _line(entry), days)


def _put_back(actor: Actor, entry: Entry) -> None:
    step = PlanStep.objects.select_related("line").get(pk=entry.data["_step"])
    plans.put_back(actor, step, now=entry.changes["state"][1], before=entry.data["_before"])


def _take_back(actor: Actor, entry: Entry) -> None:
    found = Handout.objects.unscoped(_WHY).select_related("version__file").get(pk=entry.subject_id)
    handouts.take_back(actor, found, _undoes=entry.pk)


def _give_again(actor: Actor, entry: Entry) -> None:
    handouts.give_again(actor, entry.data["_image"], _undoes=entry.pk)


_BACK: dict[str, Callable[[Actor, Entry], None]] = {
    signals.stakeholder_rated.code: _withdraw,
    signals.rating_restored.code: _withdraw,
    signals.rating_withdrawn.code: _restore,
    signals.file_given.code: _take_back,
    signals.file_not_given.code: _give_again,
    signals.plan_made.code: _end,
    signals.plan_resumed.code: _end,
    signals.plan_ended.code: _take_up,
    signals.plan_fulfilled.code: _put_back,
    signals.plan_left_out.code: _put_back,
    signals.plan_reopened.code: _put_back,
}
