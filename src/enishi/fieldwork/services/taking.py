"""Taking contacts along on a phone."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from enishi.accounts.access import Actor
from enishi.core import clock
from enishi.fieldwork import signals
from enishi.fieldwork.queries import DAYS, LOG, Choice, Taken, taken
from enishi.timeline.services import record


@transaction.atomic
def take_along(
    actor: Actor, chosen: Choice, *, language: str, signed_in_until: dt.datetime, again: bool = False
) -> tuple[Taken, dt.datetime]:
    """Whom the phone gets and until when it keeps them: some days, and never longer than the sign-in lasts.

    The history says who took whom along, so that it is known what was on a phone that is lost; ``again`` brings the same
    choice up to date and is not told once more.
    """
    actor.require_some(LOG)
    found = taken(actor, chosen, language=language)
    until = min(clock.now() + dt.timedelta(days=DAYS), signed_in_until)
    if not again:
        data = {"count": len(found.people), "until": until, "people": [one["id"] for one in found.people]}
        record(actor, signals.taken_along, subject=chosen.subject, data=data)
    return found, until
