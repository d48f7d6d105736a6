"""Who the stakeholders of a project are, and which ratings of them one may see."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.contacts.models import Party
from enishi.contacts.models.party import PartyQuerySet
from enishi.contacts.queries import filters
from enishi.engagement.models import STANDING, Rating


@dataclass(frozen=True)
class Wanted:
    """Which stakeholders; what is left empty does not limit. ``tag`` is a number, ``cell`` influence and interest."""

    text: str = ""
    kind: str = ""
    tag: str = ""
    position: str = ""
    cell: tuple[int, int] | None = None

    @property
    def narrow(self) -> bool:
        return bool(self.text or self.kind or self.tag or self.position)


EVERYBODY = Wanted()


def stakeholders(actor: Actor, project_id: int, wanted: Wanted = EVERYBODY) -> PartyQuerySet:
    """Everybody in the project whom the actor may see and the filter wants, in no order."""
    found = Party.objects.visible_to(actor).present().filter(project_ids__contains=[project_id])
    if wanted.kind in Party.Kind.values:
        found = found.filter(kind=wanted.kind)
    if wanted.tag.isdecimal() and len(wanted.tag) < 18:
        found = found.filter(_condition(actor, "tag", "is", [wanted.tag]))
    if wanted.text.strip():
        try:
            found = found.filter(_condition(actor, "text", "has", wanted.text))
        except filters.FilterError:
            found = found.none()
    return found


def _condition(actor: Actor, field: str, cmp: str, value: object) -> Q:
    return filters.condition(actor, filters.Leaf(field, cmp, value))


def ratings(actor: Actor) -> ScopedQuerySet[Rating]:
    """What the actor may see of what stands."""
    return Rating.objects.visible_to(actor).filter(STANDING)


def ratings_on(actor: Actor, project_id: int, day: dt.date) -> ScopedQuerySet[Rating]:
    """The rating of each stakeholder that held on a day: the latest up to it."""
    found = ratings(actor).filter(project=project_id, rated_on__lte=day)
    return found.order_by("party_id", "-rated_on").distinct("party_id")
