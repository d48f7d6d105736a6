"""Taking back what a corrected register brought in: records go back to what they were, new ones are removed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts.services.importing import RIGHT, mark_undone
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import part_of, plain
from enishi.timeline.undo import Conflict, Undoer, UndoPlan

LISTED = 300


@dataclass
class Back:
    """One record on its way back: ``columns`` go back to these values, ``edited`` say something else by now.

    ``used``: it was made by the import, and something happened to it since.
    """

    record: Any
    entry: Entry
    made: bool = False
    used: bool = False
    columns: dict[str, Any] = field(default_factory=dict)
    edited: dict[str, Any] = field(default_factory=dict)

    def compare(self, column: str, pair: Any, now: Any) -> None:
        """Say what becomes of a column that the import changed from the first to the second."""
        was, became = pair
        if plain(now) == became:
            self.columns[column] = was
        elif plain(now) != was:
            self.edited[column] = was

    def open(self) -> dict[str, str]:
        """The conflicts by their keys, with the column that each is about."""
        if self.made:
            return {str(self.record.pk): ""} if self.used else {}
        return {f"{self.record.pk}:{column}": column for column in self.edited}


class UndoRows(Undoer):
    """What somebody edited since stays unless they say otherwise."""

    right: ClassVar[str] = RIGHT

    @abstractmethod
    def backs(self, actor: Actor, operation: Operation, *, lock: bool = False) -> Iterator[Back]:
        """What the operation did to records that are still there and that the actor may change."""

    @abstractmethod
    def put_back(self, actor: Actor, back: Back, wanted: Mapping[str, Any]) -> bool:
        """Give these columns their values; tells whether that could be done."""

    def remove(self, actor: Actor, back: Back) -> None:
        """Take away what was made."""
        raise NotImplementedError

    @abstractmethod
    def address(self, record: Any) -> str: ...

    @abstractmethod
    def label(self, column: str) -> str: ...

    @abstractmethod
    def shown(self, column: str, value: Any) -> str:
        """A value of a column as people read it."""

    @abstractmethod
    def now(self, record: Any, column: str) -> Any: ...

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        counts = {"deleted": 0, "restored": 0}
        conflicts: list[Conflict] = []
        for back in self.backs(actor, operation):
            found = list(self._conflicts(back))
            if back.made:
                counts["deleted"] += not found
            else:
                counts["restored"] += bool(back.columns)
            conflicts += found
        return UndoPlan(counts, conflicts[:LISTED])

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        counts = {"deleted": 0, "restored": 0, "kept": 0}
        with part_of(operation):
            for back in self.backs(actor, operation, lock=True):
                stays = {key for key in back.open() if keep is None or key in keep}
                counts["kept"] += len(stays)
                if back.made:
                    if not stays:
                        self.remove(actor, back)
                        counts["deleted"] += 1
                    continue
                given_up = {
                    column: back.edited[column] for key, column in back.open().items() if key not in stays
                }
                if wanted := back.columns | given_up:
                    counts["restored" if self.put_back(actor, back, wanted) else "kept"] += 1
        mark_undone(actor, operation)
        return counts

    def _conflicts(self, back: Back) -> Iterator[Conflict]:
        for key, column in back.open().items():
            yield Conflict(
                key=key,
                subject=back.record.title,
                field=self.label(column) if column else _("record"),
                now=self.shown(column, self.now(back.record, column)) if column else _("edited since"),
                back_to=self.shown(column, back.edited[column]) if column else _("removed"),
                url=self.address(back.record),
            )
