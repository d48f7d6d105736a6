"""Jobs of webhooks. A trigger on the history puts ``webhooks.run`` into the queue where an endpoint wants what was recorded."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.webhooks import services


@app.task(name="webhooks.run", queue="webhooks", lock="webhooks.run", pass_context=False)
def run() -> None:
    """Sort and send."""
    services.run()


@app.periodic(cron="* * * * *")
@app.task(name="webhooks.wake", queue="webhooks", queueing_lock="webhooks.wake", lock="webhooks.run")
def wake(timestamp: int) -> None:
    """Whose pause is over gets the next attempt; and what a run left undone."""
    services.run()


@app.task(name="webhooks.test", queue="webhooks", pass_context=False)
def test(delivery_id: int) -> None:
    """Send a test."""
    services.run_test(delivery_id)


@app.periodic(cron="40 3 * * *")
@app.task(name="webhooks.forget", queue="upkeep", queueing_lock="webhooks.forget", pass_context=False)
def forget(timestamp: int) -> None:
    """Nothing is kept longer than thirty days."""
    services.forget_old()
