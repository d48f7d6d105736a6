"""How one stakeholder stands, in each project and over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.accounts.models import Project
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party
from enishi.core import clock
from enishi.engagement.models import Rating
from enishi.engagement.queries.people import ratings, stakeholders

VIEW = "engagement.view"
MOST = 200


@dataclass(frozen=True)
class Standing:
    """A project with how somebody stands in it, newest first; without any rating when nobody judged yet."""

    project: Project
    ratings: Sequence[Rating]

    @property
    def now(self) -> Rating | None:
        return self.ratings[0] if self.ratings else None

    @property
    def earlier(self) -> Sequence[Rating]:
        return self.ratings[1:]


@prepared
def _of_party(actor: Actor, party_id: int) -> QuerySet[Rating]:
    found = ratings(actor).filter(party=party_id).select_related("user")
    return found.order_by("-rated_on", "-pk")[:MOST]


def standings(actor: Actor, party: Party) -> list[Standing]:
    """One for each project of the person in which the actor may see ratings."""
    projects = accounts.projects_among(actor, party.project_ids, right=VIEW)
    by_project: dict[int, list[Rating]] = {}
    for rating in _of_party(actor, party.pk):
        by_project.setdefault(rating.project_id, []).append(rating)
    return [Standing(project, by_project.get(project.pk, [])) for project in projects]


def stakeholder(actor: Actor, project_id: int, party_id: int) -> Party:
    """Somebody in a project; raises Party.DoesNotExist for whom the actor may not see."""
    return stakeholders(actor, project_id).get(pk=party_id)


def history(actor: Actor, project_id: int, party_id: int) -> list[Rating]:
    """How somebody was judged in a project, newest first."""
    found = ratings(actor).filter(project=project_id, party=party_id).select_related("user")
    return list(found.order_by("-rated_on", "-pk")[:MOST])


def latest(actor: Actor, project_id: int, party_id: int) -> Rating | None:
    return ratings(actor).filter(project=project_id, party=party_id).order_by("-rated_on").first()


def held_of(actor: Actor, party_ids: Collection[int]) -> list[Rating]:
    """How each of these stands today in each project: what holds, by the name of the project. One query."""
    rows = ratings(actor).filter(party__in=list(party_ids), rated_on__lte=clock.today())
    holds = rows.order_by("party_id", "project_id", "-rated_on").distinct("party_id", "project_id")
    found = ratings(actor).filter(pk__in=holds.values("pk")).select_related("project")
    return list(found.order_by("project__name", "pk"))


def _of_visible(actor: Actor) -> ScopedQuerySet[Rating]:
    people = Party.objects.visible_to(actor).present()
    return ratings(actor).filter(party__in=people).select_related("party", "project")


def by_id(actor: Actor, rating_id: int) -> Rating:
    """One rating that stands; raises Rating.DoesNotExist."""
    return _of_visible(actor).get(pk=rating_id)


def rating_list(
    actor: Actor,
    *,
    project_id: int | None = None,
    party_id: int | None = None,
    on: dt.date | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Rating]:
    """Ratings by number, newest first; with ``on`` only those that held on that day. One more than ``limit``."""
    found = _of_visible(actor)
    if project_id is not None:
        found = found.filter(project=project_id)
    if party_id is not None:
        found = found.filter(party=party_id)
    if on is not None:
        held = ratings(actor).filter(rated_on__lte=on).order_by("project_id", "party_id", "-rated_on")
        found = found.filter(pk__in=held.distinct("project_id", "party_id").values("pk"))
    if after is not None:
        found = found.filter(pk__lt=after)
    return list(found.order_by("-pk")[: limit + 1])
