"""What is kept about people, declared table by table, so that none is forgotten when somebody asks for it or is erased.

Each app registers one ``Keeper`` in its ``panels.py``::

    provide(PLACE, "cases")(CasesKeeper)

A test fails for a model that points at a party and is in no keeper's tables. Reading for somebody who asks goes through
``tell``; erasing runs every keeper in one transaction, by the tables first and then by ``erase``.
"""

from __future__ import annotations

import enum
import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from enishi.core import registry

PLACE = "personal"
STRUCK = "▮▮▮"
"""Stands where something was taken out, in records and in the history."""


class Fate(enum.Enum):
    """What becomes of the rows about somebody who is erased."""

    GOES = "goes"
    STAYS = "stays"


@dataclass(frozen=True)
class Table:
    """One table that speaks of parties. ``links`` are the fields that lead to them.

    Rows that stay are counted as before: ``clears`` names the columns that are emptied in them, and names and addresses
    are struck out of their other texts. ``blobs`` are columns with the SHA-256 of kept bytes.
    """

    model: type[models.Model]
    links: tuple[str, ...]
    fate: Fate
    label: Any
    clears: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    shown: bool = True
    """Whether a preview counts it: what only serves the machine is left out there."""

    def about(self, party_ids: Iterable[int]) -> models.QuerySet[Any]:
        """The rows that lead to these parties, whoever may see them."""
        ids = list(party_ids)
        condition = functools.reduce(operator.or_, (Q(**{f"{link}__in": ids}) for link in self.links))
        rows = self.model._base_manager.filter(condition)
        return rows.distinct() if any("__" in link for link in self.links) else rows


@dataclass(frozen=True)
class Subject:
    """A party with the records that were merged into it, and what it is known by.

    ``names`` are whole names in every script, also former ones; ``parts`` single words of them, looked for only in
    records of theirs; ``addresses`` are mail addresses, numbers and other places to reach them.
    """

    party_id: int
    party_ids: tuple[int, ...]
    names: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """A kept file that is handed out with a chapter."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Chapter:
    """One part of what somebody is told about themselves: rows of plain values by stable English names.

    ``labels`` says those names to people, ``model`` says what its choices are called; ``withheld`` counts what lies beyond
    the clearance of whoever gives it out.
    """

    code: str
    label: Any
    rows: Sequence[Mapping[str, Any]]
    labels: Mapping[str, Any] = field(default_factory=dict)
    withheld: int = 0
    files: Sequence[Given] = ()
    model: type[models.Model] | None = None


@dataclass(frozen=True)
class Hindrance:
    """Why somebody cannot be erased yet, and where to settle it."""

    words: str
    url: str = ""


@dataclass(frozen=True)
class Emptied:
    """Rows of which an erasure emptied some columns, so that the history forgets what these said.

    ``label``: the row was called by them too. ``left`` says what stays of a value where not all of it goes.
    """

    model: type[models.Model]
    ids: frozenset[int]
    columns: frozenset[str]
    label: bool = False
    left: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Share:
    """A number of things of one kind, in a preview."""

    label: Any
    count: int


class Keeper:
    """What one app keeps about people."""

    code: ClassVar[str]
    order: ClassVar[int] = 50
    tables: ClassVar[Sequence[Table]] = ()
    apart: ClassVar[Sequence[type[models.Model]]] = ()
    """Tables in which this keeper strikes names itself, because their rows are sealed."""

    def tell(self, actor: Any, subject: Subject) -> Iterable[Chapter]:
        """What is kept about them, as far as the actor may read it; others' addresses are left out."""
        return ()

    def prevents(self, actor: Any, subject: Subject) -> Iterable[Hindrance]:
        """What stands against an erasure."""
        return ()

    def goes(self, subject: Subject) -> Iterable[Share]:
        """What an erasure takes besides the rows of ``tables`` that go."""
        return ()

    def erase(self, actor: Any, subject: Subject) -> Iterable[str]:
        """Take out what the tables cannot say. Runs before their rows go, in the same transaction.

        Returns the SHA-256 of bytes that are no longer needed here; they are deleted when nothing else needs them.
        """
        return ()

    def emptied(self) -> Iterable[Emptied]:
        """After ``erase``: which rows lost which words, besides what ``clears`` of the tables says."""
        return ()

    def finish(self, subject: Subject) -> None:
        """Bring search and the like after it, when everything else is gone and struck."""


def keepers() -> list[Keeper]:
    """Those of every app, in the order in which they tell."""
    made: list[Keeper] = [make() for make in registry.providers(PLACE).values()]
    return sorted(made, key=lambda keeper: (keeper.order, keeper.code))


def tables() -> list[Table]:
    return [table for keeper in keepers() for table in keeper.tables]


def plain_row(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """These columns of a row, empty ones left out; choices by their stored value."""
    values = {name: getattr(row, name) for name in names}
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def labels_of(model: type[models.Model], names: Iterable[str]) -> dict[str, Any]:
    """How columns are called on screen."""
    return {name: model._meta.get_field(name).verbose_name for name in names}  # type: ignore[union-attr]
