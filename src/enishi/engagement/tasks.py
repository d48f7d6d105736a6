"""Jobs of the engagement plan."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.engagement import services


@app.periodic(cron="40 2 * * *")
@app.task(name="engagement.extend_plans", queue="upkeep", queueing_lock="engagement.extend_plans")
def extend_plans(timestamp: int) -> None:
    """Make the times of the next three months of everything that repeats."""
    services.extend_plans()
