"""Taking a starter pack back, from the undo log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts.access import Actor
from enishi.core.registry import provide
from enishi.guide import starting
from enishi.timeline.models import Operation
from enishi.timeline.undo import PLACE, Undoer, UndoPlan


@provide(PLACE, starting.KIND)
class UndoStarter(Undoer):
    right = starting.SETUP
    labels: ClassVar[Mapping[str, Any]] = {
        "added": gettext_lazy("added"),
        "put_away": gettext_lazy("put away"),
    }

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        count = sum(map(len, starting.there_of(operation).values()))
        return UndoPlan(
            {"put_away": count},
            notes=[_("What was filled in with them stays, and is shown again when they are taken back.")],
        )

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        return starting.put_away(actor, operation)
