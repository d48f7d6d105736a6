"""Taking back bulk changes and merges from the undo log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.services import bulk, importing, merging, places
from enishi.core.registry import provide
from enishi.timeline.models import Operation
from enishi.timeline.undo import PLACE, Undoer, UndoPlan


@provide(PLACE, bulk.KIND)
class UndoBulk(Undoer):
    right = bulk.BULK

    def check(self, actor: Actor, operation: Operation) -> None:
        # Whoever changes only certain people's contacts takes back what those still are: `bulk.undoing` looks.
        for project_id in operation.project_ids:
            actor.require_some(self.right, project_id)
        if not operation.project_ids:
            actor.require_everywhere(self.right)

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        return bulk.preview_undo(actor, operation)

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        return bulk.undo(actor, operation, keep=keep)


@provide(PLACE, merging.KIND)
class UndoMerge(Undoer):
    right = merging.MERGE
    labels: ClassVar[Mapping[str, Any]] = {
        "moved": _("moved back"),
        "restored": _("contacts separated again"),
    }

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        return merging.preview_undo(actor, operation)

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        return merging.undo(actor, operation, keep=keep)


@provide(PLACE, importing.OPERATION)
class UndoImport(Undoer):
    right = importing.RIGHT

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        return importing.preview_undo(actor, operation)

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        return importing.undo(actor, operation, keep=keep)


@provide(PLACE, places.KIND)
class UndoPlaces(Undoer):
    right = places.BULK

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        return places.preview_undo(actor, operation)

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        return places.undo(actor, operation)
