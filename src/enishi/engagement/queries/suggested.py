"""How those of weight might be heard, worked out by rules that the page shows: nothing is planned by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core import clock
from enishi.engagement.models import Method, Position, Rating, Step
from enishi.engagement.queries.people import ratings_on, stakeholders
from enishi.engagement.queries.plan import planned

MOST = 50
MUCH = Step.HIGH


@dataclass(frozen=True)
class Way:
    """A method of the spectrum and how often it comes back (RFC 5545), with what calls for it."""

    method: Method
    rule: str
    reason: Any


MONTHLY, QUARTERLY, HALF_YEARLY = "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY;INTERVAL=6"
WAYS = (
    Way(Method.COLLABORATE, MONTHLY, _("Much influence, and the project reaches far into their life")),
    Way(Method.INVOLVE, MONTHLY, _("Much influence or much at stake, and interested")),
    Way(Method.CONSULT, QUARTERLY, _("Much influence or much at stake, so far not very interested")),
    Way(Method.CONSULT, HALF_YEARLY, _("Very interested, without much influence")),
    Way(Method.INFORM, HALF_YEARLY, _("Neither much influence nor much at stake")),
)
_CLOSER = {Method.INFORM: Method.CONSULT, Method.CONSULT: Method.INVOLVE, Method.INVOLVE: Method.COLLABORATE}
_OFTENER = {HALF_YEARLY: QUARTERLY, QUARTERLY: MONTHLY}


@dataclass(frozen=True)
class Suggestion:
    """Somebody with whom nothing is planned, and how they might be heard. ``against``: their doubts call for more."""

    rating: Rating
    way: Way
    against: bool


def way(rating: Rating) -> tuple[Way, bool]:
    """What the rules say of a rating, and whether doubts made it a step closer and more often."""
    found = WAYS[_place(rating)]
    if rating.position is None or rating.position >= Position.NEUTRAL:
        return found, False
    method, rule = _CLOSER.get(found.method, found.method), _OFTENER.get(found.rule, found.rule)
    return Way(method, rule, found.reason), (method, rule) != (found.method, found.rule)


def _place(rating: Rating) -> int:
    if rating.influence >= MUCH and rating.impact >= MUCH:
        return 0
    if rating.influence >= MUCH or rating.impact >= MUCH:
        return 1 if rating.interest >= Step.MEDIUM else 2
    return 3 if rating.interest >= MUCH else 4


def suggested(actor: Actor, project_id: int) -> tuple[int, Sequence[Suggestion]]:
    """How many are judged with nothing planned, and of them those of the most weight."""
    nobody = stakeholders(actor, project_id).exclude(planned(actor, project_id))
    held = Rating.objects.visible_to(actor).filter(
        pk__in=ratings_on(actor, project_id, clock.today()).values("pk"), party__in=nobody
    )
    rows = held.select_related("party").order_by(
        (F("influence") + F("impact")).desc(), F("position").asc(nulls_last=True), "-interest", "pk"
    )
    found = [Suggestion(row, *way(row)) for row in rows[:MOST]]
    return held.count() if len(found) == MOST else len(found), found
