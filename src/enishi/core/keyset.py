"""Pages of a list ordered by a moment, without offsets: the thousandth page costs what the first one does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, Q, QuerySet

R = TypeVar("R", bound=Model)


@dataclass(frozen=True)
class Position:
    """Where a page ends: the keyset. ``moment`` is what the list is ordered by; None stands for a row without one."""

    moment: dt.datetime | None
    id: int

    def __str__(self) -> str:
        return f"{self.moment.isoformat() if self.moment else ''}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """The position that an address names; None for none, or for one that nobody wrote."""
        moment, tilde, number = text.partition("~")
        try:
            at = dt.datetime.fromisoformat(moment) if moment else None
            return cls(at, int(number[:18])) if tilde and (at is None or at.tzinfo) else None
        except ValueError:
            return None


@dataclass(frozen=True)
class Page(Generic[R]):
    rows: Sequence[R]
    before: Position | None = None
    """Where the page before this one ends; None on the first page."""
    after: Position | None = None


def paged(
    found: QuerySet[R],
    name: str,
    *,
    newest_first: bool,
    after: Position | None,
    before: Position | None,
    limit: int,
) -> Page[R]:
    """One page by the moment ``name``, whichever way one came to it. Oldest first, rows without a moment stand last."""
    nulls = not newest_first
    backwards = before is not None and after is None
    down = newest_first != backwards
    position = before if backwards else after
    if position is not None:
        found = found.filter(_beyond(name, position, down=down, nulls=nulls))
    order: list[Any] = (
        [F(name).desc(nulls_first=True) if nulls else F(name).desc(), "-id"]
        if down
        else [F(name).asc(nulls_last=True) if nulls else F(name).asc(), "id"]
    )
    rows = list(found.order_by(*order)[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([])
    first, last = (Position(getattr(row, name), row.pk) for row in (rows[0], rows[-1]))
    has_back = more if backwards else position is not None
    return Page(rows, before=first if has_back else None, after=last if more or backwards else None)


def _beyond(name: str, position: Position, *, down: bool, nulls: bool) -> Q:
    """What stands after a position, in rising (or, ``down``, falling) order of a moment and then of the id."""
    sign = "lt" if down else "gt"
    same = Q(**{name: position.moment}) if position.moment else Q(**{f"{name}__isnull": True})
    beyond = same & Q(**{f"id__{sign}": position.id})
    if position.moment is not None:
        beyond |= Q(**{f"{name}__{sign}": position.moment})
    # Rows without a date stand last: after every date, before none.
    if nulls and (position.moment is None) == down:
        beyond |= Q(**{f"{name}__isnull": not down})
    return beyond
