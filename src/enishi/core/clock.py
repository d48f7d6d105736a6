"""The one clock. Dated rules ask here, so that a test can set any moment in one place."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def now() -> dt.datetime:
    """The present moment, aware, in UTC."""
    return timezone.now()


def today() -> dt.date:
    """The present day in the active time zone."""
    return timezone.localdate(now())
