"""Rating stakeholders: a new row for each day, the ones before stay."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.models import Party
from enishi.core import clock
from enishi.core.text import clean, strip_bidi
from enishi.engagement import signals
from enishi.engagement.models import STANDING, Position, Rating, Step
from enishi.engagement.services import rules
from enishi.engagement.services.rules import RATE, Conflict, EngagementError
from enishi.timeline.models import Entry
from enishi.timeline.services import differences, record

_WHY = "rated by somebody who holds the right in this project"
JUDGED = ("impact", "interest", "influence", "position")
EARLIEST = dt.date(1900, 1, 1)


@dataclass(frozen=True)
class Judgement:
    """What somebody thinks of a stakeholder; ``position`` None: nobody knows."""

    impact: int
    interest: int
    influence: int
    position: int | None = None


@transaction.atomic
def rate(
    actor: Actor,
    *,
    project: Project,
    party: Party,
    judgement: Judgement,
    reason: str = "",
    rated_on: dt.date | None = None,
    instead_of: int | None = None,
) -> tuple[Rating, Entry]:
    """Judge a stakeholder from a day on (today, unless given). The rating that held before stays as it was.

    A second rating of one day needs ``instead_of``, the number of the one that was seen, which is then withdrawn.
    Raises EngagementError for what cannot be used, Conflict when that day was rated by somebody else meanwhile.
    """
    actor.require(RATE, project.pk)
    day = rated_on or clock.today()
    _check(judgement, day)
    # Two people who rate one stakeholder at a time come one after the other.
    party = Party.objects.unscoped(_WHY).select_for_update(no_key=True, of=("self",)).get(pk=party.pk)
    rules.check_party(project, party)
    standing = Rating.objects.unscoped(_WHY).filter(STANDING, project=project, party=party)
    same_day = standing.filter(rated_on=day).first()
    if same_day is not None and same_day.pk != instead_of:
        raise Conflict(
            _("There is a rating of that day already. Look at it, then rate again or choose another day."),
            "rated_on",
        )
    before = standing.filter(rated_on__lte=day).order_by("-rated_on").first()
    reason = " ".join(strip_bidi(clean(reason)).split())[:500]
    if before is not None and not reason:
        raise EngagementError(_("Say in a few words what has changed."), "reason")
    if same_day is not None:
        same_day.withdrawn_at = clock.now()
        same_day.save(update_fields=["withdrawn_at"])
    rating = Rating.objects.create(
        project=project,
        party=party,
        rated_on=day,
        reason=reason,
        user_id=actor.user_id,
        confidentiality=rules.level(actor, project, party),
        created_at=clock.now(),
        **asdict(judgement),
    )
    changes = differences(_judged(before), _judged(rating))
    data = {"rated_on": day, "reason": reason, "_withdrew": same_day.pk if same_day else None}
    return rating, _record(actor, signals.stakeholder_rated, rating, changes, **data)


def _check(judgement: Judgement, day: dt.date) -> None:
    for name in JUDGED[:3]:
        if getattr(judgement, name) not in Step.values:
            raise EngagementError(_("Choose one of the five steps."), name)
    if judgement.position is not None and judgement.position not in Position.values:
        raise EngagementError(_("Choose one of the positions."), "position")
    if day > clock.today():
        raise EngagementError(
            _("This day has not come yet. A rating holds from today or earlier."), "rated_on"
        )
    if day < EARLIEST:
        raise EngagementError(_("This day is too long ago. Check the year."), "rated_on")


def _judged(rating: Rating | None) -> dict[str, Any]:
    return {name: getattr(rating, name) for name in JUDGED} if rating else {}


def _record(actor: Actor, event: Any, rating: Rating, changes: Any, **data: Any) -> Entry:
    return record(actor, event, subject=rating, party_id=rating.party_id, changes=changes, data=data)


def _locked(rating: Rating) -> Rating:
    return (
        Rating.objects.unscoped(_WHY)
        .select_related("project", "party")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=rating.pk)
    )


@transaction.atomic
def withdraw_rating(actor: Actor, rating: Rating, *, bring_back: int | None = None, **data: Any) -> Entry:
    """Take a rating back that was a mistake; what held before holds again. The row stays, marked.

    ``bring_back`` is the rating that this one had replaced on its day.
    """
    actor.require(RATE, rating.project_id)
    row = _locked(rating)
    if row.withdrawn_at is not None:
        raise Conflict(_("This rating is taken back already."))
    row.withdrawn_at = clock.now()
    row.save(update_fields=["withdrawn_at"])
    if bring_back is not None:
        Rating.objects.unscoped(_WHY).filter(
            pk=bring_back, project=row.project_id, party=row.party_id, rated_on=row.rated_on
        ).update(withdrawn_at=None)
    return _record(
        actor, signals.rating_withdrawn, row, differences(_judged(row), {}), rated_on=row.rated_on, **data
    )


@transaction.atomic
def restore_rating(actor: Actor, rating: Rating, **data: Any) -> Entry:
    """Let a rating that was taken back stand again, unless its day was rated since."""
    actor.require(RATE, rating.project_id)
    row = _locked(rating)
    row.withdrawn_at = None
    try:
        with transaction.atomic():
            row.save(update_fields=["withdrawn_at"])
    except IntegrityError:
        raise Conflict(_("That day was rated again since, so this rating cannot be put back.")) from None
    return _record(
        actor, signals.rating_restored, row, differences({}, _judged(row)), rated_on=row.rated_on, **data
    )
