"""What the contact list knows of promises: the next one of each contact, and contacts by what is owed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.commitments.models import Promise
from enishi.core import clock

SOON_DAYS = 14


def open_promises(actor: Actor) -> ScopedQuerySet[Promise]:
    return Promise.objects.visible_to(actor).filter(state=Promise.State.OPEN)


def next_promises(actor: Actor, party_ids: Sequence[int]) -> dict[int, Promise]:
    """The promise of each contact that is to be done first, ours or theirs."""
    found = open_promises(actor).filter(party__in=list(party_ids), done_at__isnull=True)
    first = found.order_by("party_id", F("due_at").asc(nulls_last=True), "id").distinct("party_id")
    return {promise.party_id: promise for promise in first if promise.party_id is not None}


def owed_choices(actor: Actor) -> list[tuple[str, str]]:
    return [
        ("ours_late", _("we owe, late")),
        ("ours_soon", _("we owe, late or due in %(n)s days") % {"n": SOON_DAYS}),
        ("ours_open", _("we owe, open")),
        ("theirs_late", _("they owe, late")),
        ("theirs_open", _("they owe, open")),
    ]


def owed(actor: Actor, cmp: str, value: Any) -> Q:
    """Limits contacts to those with (or, by ``not``, without) an open promise of that kind."""
    chosen = value if isinstance(value, list) else [value]
    known = {code for code, _label in owed_choices(actor)}
    if not chosen or not set(chosen) <= known:
        raise ValueError(_("choose something"))
    found = Q()
    for code in chosen:
        direction, _underscore, when = code.partition("_")
        promises = open_promises(actor).filter(party=OuterRef("pk"), direction=direction)
        if when != "open":
            edge = clock.now() + (dt.timedelta(days=SOON_DAYS) if when == "soon" else dt.timedelta())
            promises = promises.filter(due_at__lt=edge, done_at__isnull=True)
        found |= Q(Exists(promises))
    return ~found if cmp == "not" else found
