"""Jobs of promises and tasks: making the times to come of what repeats."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.accounts.access import system_actor
from enishi.commitments import services


@app.periodic(cron="20 2 * * *")
@app.task(name="commitments.extend_series", queue="upkeep", queueing_lock="commitments.extend_series")
def extend_series(timestamp: int) -> None:
    """Make the times of the next three months of everything that repeats."""
    services.extend_all_series(system_actor("repeats"))
