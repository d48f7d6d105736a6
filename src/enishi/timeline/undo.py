"""How an operation is taken back: what an app provides so that its imports, merges and mass edits can be undone.

An app registers one undoer for each kind of operation that it starts, in its ``panels.py``::

    @provide("timeline.undo", "contacts.merge")
    class UndoMerge(Undoer):
        right = "contacts.merge"
        ...

The undo log asks ``preview`` what would happen and shows the conflicts; ``timeline.services.undo_operation`` then calls
``apply`` in one transaction, marks the operation as undone and records that.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core import registry
from enishi.timeline.models import Operation

PLACE = "timeline.undo"

# What operations count, in words; an undoer adds its own by `labels`.
LABELS: Mapping[str, Any] = {
    "created": _("created"),
    "updated": _("updated"),
    "changed": _("changed"),
    "moved": _("moved"),
    "deleted": _("removed"),
    "restored": _("put back"),
    "unchanged": _("unchanged"),
    "duplicate": _("duplicates"),
    "refused": _("refused"),
    "quarantined": _("in quarantine"),
    "kept": _("left as they are"),
}


@dataclass(frozen=True)
class Conflict:
    """One value that somebody edited after the operation. The undo leaves it alone unless told otherwise.

    ``key`` names it within its operation and stays the same from preview to apply.
    """

    key: str
    subject: str
    field: str
    now: str
    back_to: str
    url: str = ""
    edited_by: str = ""
    edited_at: dt.datetime | None = None


@dataclass(frozen=True)
class UndoPlan:
    """What undoing would do: how many things by kind, and what was edited since.

    ``notes`` are sentences about what is never taken back (a withdrawn consent). ``total`` decides whether it runs as a job.
    """

    counts: Mapping[str, int]
    conflicts: Sequence[Conflict] = ()
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Undoer(ABC):
    """Takes back operations of one kind. ``right`` is needed in every project of the operation (see ``check``)."""

    right: ClassVar[str]
    labels: ClassVar[Mapping[str, Any]] = {}

    def check(self, actor: Actor, operation: Operation) -> None:
        """Raise Forbidden unless the actor may take it back."""
        for project_id in operation.project_ids:
            actor.require(self.right, project_id)
        if not operation.project_ids:
            actor.require_everywhere(self.right)

    @abstractmethod
    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        """Work out what would happen; writes nothing. At most a few hundred conflicts are listed."""

    @abstractmethod
    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        """Take it back, within the caller's transaction, recording each change with ``operation=operation``.

        ``keep`` holds the keys of conflicts that stay as they are; None keeps them all. What came into conflict after
        the preview is kept as well. Returns counts of what was done; may raise UndoRefused.
        """


class UndoRefused(Exception):
    """An operation cannot be taken back; the text says why and what can be done instead."""


def undoer_of(operation: Operation) -> Undoer | None:
    """Who takes back operations of that kind; None when that kind cannot be undone."""
    make = registry.provider(PLACE, operation.kind)
    return None if make is None else make()


def counted(operation_kind: str, counts: Mapping[str, int]) -> list[tuple[Any, int]]:
    """Counts with their words, without zeros."""
    make = registry.provider(PLACE, operation_kind)
    labels = {**LABELS, **(make().labels if make else {})}
    return [(labels.get(key, key), n) for key, n in counts.items() if n]
