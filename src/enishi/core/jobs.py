"""Deferring jobs by name, in the transaction of the change that needs them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued


def defer(name: str, *, lock: str | None = None, **arguments: Any) -> int:
    """Put one job in the queue; jobs with the same ``lock`` run one after another. Returns its number."""
    return app.configure_task(name, lock=lock).defer(**arguments)


def defer_once(name: str, *, key: str, lock: str | None = None, **arguments: Any) -> bool:
    """Put a job in the queue unless one with that key already waits there; tells whether it was put."""
    try:
        # A refused insert must not spoil the caller's transaction.
        with transaction.atomic():
            app.configure_task(name, queueing_lock=key, lock=lock).defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True


SILENT_S = 30
"""A worker that gave no sign of life for so long is dead: it gives one every ten seconds."""


async def take_over_abandoned(*, silent_s: float = SILENT_S) -> int:
    """Put the jobs of dead workers back into the queue, so that others do them; returns how many."""
    abandoned = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_s))
    for job in abandoned:
        await app.job_manager.retry_job(job)
    return len(abandoned)
