"""Rights and where they reach: everything in a project, or what belongs to certain people there."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Level(models.IntegerChoices):
    """How confidential a record is. A role reads up to its clearance."""

    OPEN = 0, pgettext_lazy("confidentiality", "Open")
    INTERNAL = 1, _("Internal")
    CONFIDENTIAL = 2, _("Confidential")
    RESTRICTED = 3, _("Restricted")


class UnknownRight(LookupError):
    """A permission code that no app declares."""


@functools.cache
def rights() -> dict[str, Any]:
    """Every permission code with its label, as the apps declare them."""
    found: dict[str, Any] = {}
    for config in apps.get_app_configs():
        found.update(getattr(config, "rights", {}))
    return found


def known(code: str) -> str:
    if code not in rights():
        raise UnknownRight(code)
    return code


@functools.cache
def narrowable() -> frozenset[str]:
    """Permission codes that a role may limit to records of one's own or of one's team, as the apps declare them."""
    found: set[str] = set()
    for config in apps.get_app_configs():
        found.update(getattr(config, "by_owner", ()))
    return frozenset(found)


def family(code: str) -> str:
    """The part of the product that a permission code belongs to."""
    return code.partition(".")[0]


@dataclass(frozen=True)
class Granted:
    """Permission codes with a clearance in one project, or everywhere (``project_id`` None).

    Of the codes, ``own`` reach only what is one's own, ``team`` only what belongs to somebody of one's teams. Of the
    protected fields (``accounts.fields``) it shows ``seen_fields``, and lets ``changed_fields`` of them be changed.
    """

    project_id: int | None
    codes: frozenset[str]
    clearance: int
    own: frozenset[str] = frozenset()
    team: frozenset[str] = frozenset()
    seen_fields: frozenset[str] = frozenset()
    changed_fields: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scope:
    """Where a right reaches: clearance everywhere (None: not everywhere) and clearance by project.

    That much is reached whole. ``owned`` is reached besides, but only of the records that belong to certain people: who
    does not ask for it takes a narrowed right for no right.
    """

    everywhere: int | None
    projects: dict[int, int]
    owned: tuple[Owned, ...] = ()

    @property
    def unlimited(self) -> bool:
        return self.everywhere == Level.RESTRICTED

    @property
    def empty(self) -> bool:
        return self.everywhere is None and not self.projects and not self.owned

    @property
    def whole(self) -> Scope:
        """Without what is reached only through somebody's ownership."""
        return Scope(self.everywhere, self.projects) if self.owned else self

    @property
    def some(self) -> Scope:
        """Where it reaches at least some records: what is listed there still asks whose they are."""
        return functools.reduce(Scope.join, (part.inside for part in self.owned), self.whole)

    def of(self, people: Collection[int]) -> Scope:
        """What it reaches of the records of these people."""
        parts = (part.inside for part in self.owned if not part.people.isdisjoint(people))
        return functools.reduce(Scope.join, parts, self.whole)

    def join(self, other: Scope) -> Scope:
        """What either of two reaches whole."""
        everywhere = [level for level in (self.everywhere, other.everywhere) if level is not None]
        projects = dict(self.projects)
        for project_id, level in other.projects.items():
            projects[project_id] = max(level, projects.get(project_id, level))
        return Scope(max(everywhere, default=None), projects)

    def beyond(self, other: Scope) -> Scope:
        """What it reaches and the other does not reach as far."""
        everywhere = self.everywhere
        if everywhere is not None and other.everywhere is not None and other.everywhere >= everywhere:
            everywhere = None
        kept = {pk: level for pk, level in self.projects.items() if not other.reaches(pk, level)}
        return Scope(everywhere, kept)

    def clearance(self, project_id: int | None) -> int | None:
        here = self.projects.get(project_id) if project_id is not None else None
        if self.everywhere is None or here is None:
            return here if self.everywhere is None else self.everywhere
        return max(here, self.everywhere)

    def meet(self, other: Scope) -> Scope:
        """What both reach."""
        both = self._both(other)
        if not self.owned and not other.owned:
            return both
        parts = [Owned(part.people, part.right, part.inside._both(other.whole)) for part in self.owned]
        parts += [Owned(part.people, part.right, part.inside._both(self.whole)) for part in other.owned]
        parts += [
            Owned(mine.people & theirs.people, mine.right, mine.inside._both(theirs.inside))
            for mine in self.owned
            for theirs in other.owned
        ]
        return both.besides(parts)

    def besides(self, parts: Iterable[Owned]) -> Scope:
        """With what is reached of certain people's records, as far as it is not reached whole."""
        here = self.whole
        left = (Owned(part.people, part.right, part.inside.beyond(here)) for part in parts)
        return Scope(
            here.everywhere, here.projects, tuple(p for p in left if p.people and not p.inside.empty)
        )

    def _both(self, other: Scope) -> Scope:
        """What both reach whole."""
        both = {
            project_id: min(here, there)
            for project_id in {*self.projects, *other.projects}
            if (here := self.clearance(project_id)) is not None
            and (there := other.clearance(project_id)) is not None
        }
        if self.everywhere is None or other.everywhere is None:
            return Scope(None, both)
        return Scope(min(self.everywhere, other.everywhere), both)

    def reaches(self, project_id: int | None, clearance: int) -> bool:
        """Whether it reaches that clearance in a project, or (None) everywhere."""
        mine = self.clearance(project_id)
        return mine is not None and mine >= clearance

    def by_clearance(self) -> dict[int, list[int]]:
        """Projects grouped by clearance, without those that the clearance everywhere already covers."""
        groups: dict[int, list[int]] = defaultdict(list)
        for project_id, clearance in self.projects.items():
            if self.everywhere is None or clearance > self.everywhere:
                groups[clearance].append(project_id)
        return {clearance: sorted(ids) for clearance, ids in sorted(groups.items())}


@dataclass(frozen=True)
class Owned:
    """What a right reaches of the records of these people and nobody else's; ``right`` says records of which kind."""

    people: frozenset[int]
    right: str
    inside: Scope
