"""Jobs that keep the queue itself going."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.core import jobs


@app.periodic(cron="* * * * *")
@app.task(
    name="core.take_over_abandoned",
    queue="upkeep",
    queueing_lock="core.take_over_abandoned",
    pass_context=False,
)
async def take_over_abandoned(timestamp: int) -> None:
    """What a killed worker left undone is done by another; every job is safe to repeat."""
    await jobs.take_over_abandoned()
