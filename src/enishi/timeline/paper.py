"""What may stand on paper: it lies about, so nothing confidential does, and the sheet says how much was left off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from enishi.accounts.access import Level


class Classified(Protocol):
    @property
    def confidentiality(self) -> int: ...


T = TypeVar("T", bound=Classified)


def on_paper(things: Iterable[T]) -> tuple[list[T], int]:
    """Those that may be printed, in their order, and how many may not."""
    given = list(things)
    told = [thing for thing in given if thing.confidentiality < Level.CONFIDENTIAL]
    return told, len(given) - len(told)
