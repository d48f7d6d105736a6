"""Taking back what retention rules put into the recycle bin, from the undo log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core.registry import provide
from enishi.privacy.models import RetentionItem
from enishi.privacy.services import aging
from enishi.privacy.services.retaining import RIGHT
from enishi.timeline.models import Operation
from enishi.timeline.undo import PLACE, Undoer, UndoPlan


@provide(PLACE, aging.KIND)
class UndoRetention(Undoer):
    right = RIGHT
    labels: ClassVar[Mapping[str, Any]] = {
        **dict(RetentionItem.State.choices),
        "restored": _("put back"),
    }

    def check(self, actor: Actor, operation: Operation) -> None:
        super().check(actor, operation)
        aging.check_undo(aging.run_of(operation))

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        return aging.preview_undo(actor, operation)

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        return aging.undo(actor, operation, keep=keep)
