"""What grows old: each app provides the kinds of things that retention rules can be about, in its ``panels.py``::

    provide(PLACE, OldTalks.code)(OldTalks)

What an app still needs of another one's things, whatever their age, it says with ``provide(NEEDED, …)``: a function of a
model's label that answers their numbers as a query, or None.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, QuerySet

from enishi.accounts.access import Actor, ScopedModel
from enishi.core import registry
from enishi.core.personal import Emptied
from enishi.privacy.models import RetentionItem
from enishi.timeline.models import Operation

PLACE = "privacy.retention"
NEEDED = "privacy.needed"


@dataclass(frozen=True)
class Wanted:
    """What a rule is about: projects (None: everywhere), a part of the kind, and until which moment it may be kept."""

    project_ids: tuple[int, ...] | None
    part: str
    before: dt.datetime


@dataclass(frozen=True)
class Line:
    """One thing as a list shows it."""

    pk: int
    title: str
    url: str
    at: dt.datetime | None
    confidentiality: int


@dataclass
class Gone:
    """What went for good: the numbers, the columns that the history forgets, and the bytes that are not needed here."""

    ids: set[int] = field(default_factory=set)
    emptied: list[Emptied] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)


class Aging(ABC):
    """One kind of thing that can be kept for a time only.

    ``rights`` are needed, beside the one to rules, by whoever lets it happen. A rule reaches only what that person may read.
    """

    code: ClassVar[str]
    label: ClassVar[Any]
    icon: ClassVar[str]
    order: ClassVar[int] = 50
    since: ClassVar[Any]
    """From when its age counts, in words."""
    deeds: ClassVar[Mapping[str, Any]]
    """What can happen, with what that means for this kind."""
    rights: ClassVar[tuple[str, ...]]
    model: ClassVar[type[models.Model]]
    batch: ClassVar[int] = 100

    def parts(self) -> Sequence[tuple[str, Any]]:
        """What a rule can be narrowed to."""
        return ()

    @abstractmethod
    def present(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        """Everything of the kind and the part that the actor may read, however old, annotated with ``aged_at``."""

    @abstractmethod
    def held(self) -> Q:
        """What must be kept for the sake of a person who must be."""

    @abstractmethod
    def lines(self, found: QuerySet[Any]) -> list[Line]:
        """These as a list shows them."""

    def put_away(self, actor: Actor, pk: int, *, operation: Operation) -> dt.datetime | None:
        """Move one to the recycle bin; returns when, None where it cannot be."""
        raise NotImplementedError

    def bring_back(self, actor: Actor, pk: int, *, operation: Operation) -> None:
        """Out of the recycle bin again."""
        raise NotImplementedError

    def put_away_at(self, ids: Collection[int]) -> dict[int, dt.datetime | None]:
        """Since when these lie in the recycle bin; None for what does not, missing for what is gone."""
        raise NotImplementedError

    @abstractmethod
    def end(self, actor: Actor, ids: Sequence[int]) -> Gone:
        """Let what these say go for good, in the caller's transaction; what is counted stays."""

    # What follows is the same for all kinds.

    def every(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        """What a rule could ever take: what it took for good is counted on elsewhere, but not taken again."""
        gone = RetentionItem.objects.filter(run__rule__kind=self.code, state=RetentionItem.State.GONE)
        return self.present(actor, wanted).exclude(pk__in=gone.values("subject_id"))

    def old(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        return self.every(actor, wanted).filter(aged_at__lt=wanted.before)

    def kept(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        """Old enough, and kept because somebody must be."""
        return self.old(actor, wanted).filter(self.held())

    def in_use(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        """Old enough, and still needed."""
        return self.old(actor, wanted).filter(needed(self.model)).exclude(self.held())

    def due(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        """What a rule takes."""
        return self.old(actor, wanted).exclude(self.held()).exclude(needed(self.model))

    def within(self, wanted: Wanted) -> Q:
        """The projects of a rule: what stands in another one too is not its to take."""
        if wanted.project_ids is None:
            return Q()
        if issubclass(self.model, ScopedModel):
            return Q(project__in=wanted.project_ids)
        return Q(project_ids__contained_by=list(wanted.project_ids))


def needed(model: type[models.Model]) -> Q:
    """What other apps still need of a kind of thing."""
    found = Q(pk__in=[])
    for tell in registry.providers(NEEDED).values():
        for ids in tell(model._meta.label_lower):
            found |= Q(pk__in=ids)
    return found


def kinds() -> list[Aging]:
    """Every kind of thing that can grow old, in the order in which people choose."""
    made: list[Aging] = [make() for make in registry.providers(PLACE).values()]
    return sorted(made, key=lambda kind: (kind.order, kind.code))


def kind_of(code: str) -> Aging:
    """Raises KeyError for a kind that no app provides."""
    make = registry.provider(PLACE, code)
    if make is None:
        raise KeyError(code)
    found: Aging = make()
    return found
