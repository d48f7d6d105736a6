"""Whatever points at a party, found through the models themselves, moved from one to another and back.

A row that would break a unique constraint or tie a party to itself is left where it is. The party it stays with goes to
the recycle bin, so an undo never has to make anything again.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from enishi.contacts.models import DuplicatePair, FieldValue, Party

Moved = dict[str, list[int]]
# Pairs are settled apart; own fields are a choice.
_APART = (DuplicatePair, FieldValue)


@dataclass(frozen=True)
class Link:
    """One foreign key to a party. ``others`` are further foreign keys to parties in the same row."""

    model: type[models.Model]
    name: str
    others: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    @property
    def rows(self) -> QuerySet[Any]:
        # Everything follows the party it belongs to, also what the actor may not see.
        return self.model._base_manager.all()


def _foreign_keys(model: type[models.Model]) -> list[str]:
    return [
        f.name
        for f in model._meta.concrete_fields
        if isinstance(f, models.ForeignKey) and f.related_model is Party
    ]


@functools.cache
def links() -> tuple[Link, ...]:
    """Every foreign key to a party, of whatever app, in a fixed order."""
    found = []
    for relation in Party._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.related_model is Party:
            continue
        model, name = relation.related_model, relation.field.name
        if model not in _APART:
            found.append(Link(model, name, tuple(other for other in _foreign_keys(model) if other != name)))
    # A value of an own field may name a person; the value itself belongs to its own party.
    found.append(Link(FieldValue, "person", ("party",)))
    return tuple(sorted(found, key=lambda link: link.key))


def move(link: Link, source: Party, target: Party, *, ids: Collection[int] | None = None) -> list[int]:
    """Move the rows of one foreign key (only these, if given); returns the ids of those that moved."""
    rows = link.rows.filter(**{link.name: source})
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    for other in link.others:
        # exclude() would also drop rows where the other key is empty.
        rows = rows.filter(~Q(**{other: target}) | Q(**{f"{other}__isnull": True}))
    taken = _taken(link, rows, target)
    moved = [pk for pk in rows.order_by("pk").values_list("pk", flat=True) if pk not in taken]
    link.rows.filter(pk__in=moved).update(**{link.name: target})
    return moved


def _taken(link: Link, rows: QuerySet[Any], target: Party) -> set[int]:
    """Rows whose place at the target is taken by another, by the unique constraints of the model."""
    taken: set[int] = set()
    for fields, condition, nulls_distinct in _unique(link):
        others = [name for name in fields if name != link.name]
        here, there = rows, link.rows.filter(**{link.name: target})
        if condition is not None:
            here, there = here.filter(condition), there.filter(condition)
        if not others:
            if there.exists():
                taken.update(here.values_list("pk", flat=True))
            continue
        values = {tuple(row) for row in there.values_list(*others)}
        for pk, *row in here.values_list("pk", *others):
            if tuple(row) in values and not (nulls_distinct and None in row):
                taken.add(pk)
    return taken


def _unique(link: Link) -> list[tuple[tuple[str, ...], Q | None, bool]]:
    """The unique constraints that a foreign key is part of: fields, condition, whether empty values differ."""
    meta = link.model._meta
    found: list[tuple[tuple[str, ...], Q | None, bool]] = []
    if getattr(meta.get_field(link.name), "unique", False):
        found.append(((link.name,), None, True))
    found += [(tuple(fields), None, True) for fields in meta.unique_together if link.name in fields]
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and link.name in constraint.fields:
            found.append(
                (tuple(constraint.fields), constraint.condition, constraint.nulls_distinct is not False)
            )
    return found


def move_all(source: Party, target: Party) -> Moved:
    """Move everything; the ids that moved, by foreign key."""
    moved = {link.key: move(link, source, target) for link in links()}
    return {key: ids for key, ids in moved.items() if ids}


def move_back(source: Party, target: Party, moved: Mapping[str, list[int]]) -> int:
    """Move what moved to ``target`` back to ``source``, as far as it still stands there; returns how much."""
    by_key = {link.key: link for link in links()}
    return sum(len(move(by_key[key], target, source, ids=ids)) for key, ids in moved.items() if key in by_key)
