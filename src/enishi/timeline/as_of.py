"""A record as it stood at a moment, worked out from its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from enishi.timeline.models import Entry

_GONE, _BACK = "_deleted", "_restored"


@dataclass(frozen=True)
class Field:
    """What one field said at the moment and says since its last change."""

    name: str
    then: Any
    last: Any

    @property
    def changed_since(self) -> bool:
        return bool(self.then != self.last)


@dataclass(frozen=True)
class State:
    """A record at a moment. ``existed``: whether it was there by then, as far as the history goes back."""

    fields: list[Field]
    existed: bool
    deleted: bool
    before: int
    after: int


@dataclass(frozen=True)
class _Step:
    place: tuple[dt.datetime, int]
    old: Any
    new: Any


def _keyed(name: str, pair: Sequence[Any]) -> str:
    """Relations come one by one under one name: each is a thing of its own."""
    told = next((value for value in pair if isinstance(value, dict) and "id" in value), None)
    return f"{name}:{told['id']}" if told is not None else name


def as_of(entries: Iterable[Entry], moment: tuple[dt.datetime, int]) -> State:
    """Read the entries of one record, oldest first, up to a moment: its time, and the last entry of that time."""
    steps: dict[str, list[_Step]] = {}
    before = after = 0
    deleted = created_later = False
    for entry in entries:
        place = (entry.at, entry.pk)
        past = place <= moment
        before, after = before + past, after + (not past)
        if entry.event.endswith(("_created", "_made", "_logged", "_added", "_imported")) and not past:
            created_later = created_later or before == 0
        if past and entry.event.endswith(_GONE):
            deleted = True
        elif past and entry.event.endswith(_BACK):
            deleted = False
        for name, pair in entry.changes.items():
            if isinstance(pair, list) and len(pair) == 2:
                steps.setdefault(_keyed(name, pair), []).append(_Step(place, pair[0], pair[1]))
    fields = [Field(name, _at(found, moment), found[-1].new) for name, found in steps.items()]
    return State(fields, not created_later, deleted, before, after)


def _at(steps: Sequence[_Step], moment: tuple[dt.datetime, int]) -> Any:
    said = [step for step in steps if step.place <= moment]
    # What was never changed until then is what stood before its first change.
    return said[-1].new if said else steps[0].old
