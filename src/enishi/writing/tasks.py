"""Jobs of drafts: asking the service, and forgetting what came back."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from enishi.writing import services


@app.task(name="writing.write", queue="imports", retry=RetryStrategy(max_attempts=2, wait=10))
def write(draft_id: int) -> None:
    """Ask for a draft on behalf of whoever wants it; a draft that is written is not asked for again."""
    services.write_draft(draft_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="writing.forget", queue="upkeep", queueing_lock="writing.forget", pass_context=False)
def forget(timestamp: int) -> None:
    """Drafts go after a week."""
    services.forget_drafts()
