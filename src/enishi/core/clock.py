"""The one clock. Dated rules ask here, so that any moment can be set in one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone

_standing: ContextVar[dt.datetime | None] = ContextVar("standing", default=None)


def now() -> dt.datetime:
    """The present moment, aware, in UTC."""
    return _standing.get() or timezone.now()


def today() -> dt.date:
    """The present day in the active time zone."""
    return timezone.localdate(now())


@contextmanager
def standing_at(moment: dt.datetime) -> Iterator[None]:
    """Let the clock stand at a moment within the block: what is told afterwards happened then."""
    token = _standing.set(moment)
    try:
        yield
    finally:
        _standing.reset(token)
