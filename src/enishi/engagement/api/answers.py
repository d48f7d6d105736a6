"""What the API of stakeholders shares: pages by number, and refusals as problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import Model

from enishi.core.api import Problem, cursor, read_cursor
from enishi.engagement import services

R = TypeVar("R", bound=Model)
T = TypeVar("T")


def after(word: str) -> int | None:
    """The number after which a page begins."""
    place = read_cursor(word)
    return place[1] if place else None


def page(found: Sequence[R], limit: int) -> dict[str, Any]:
    """Of one row more than asked for: the page, and where the next begins."""
    more = len(found) > limit
    return {"items": found[:limit], "next": cursor(None, found[limit - 1].pk) if more else None}


def saved(action: Callable[[], T], *, conflict: int = 409) -> T:
    """Run a service and answer its refusals as problems; ``conflict`` is the status of one that came too late."""
    try:
        return action()
    except services.EngagementError as error:
        if isinstance(error, services.Conflict) and conflict == 409:
            raise Problem(409, "This cannot be done now", str(error)) from None
        field = {"person": "party_id", "owner": "owner_id", "tag": "tag_id"}.get(error.field, error.field)
        raise Problem(422, "This cannot be saved", errors=[(field or "body", str(error))]) from None
