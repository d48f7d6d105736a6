"""Jobs: preparing what is handed out, and deleting it when its days are over."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from enishi.accounts import queries as accounts
from enishi.accounts.access import Via
from enishi.privacy import services

_RETRY = RetryStrategy(max_attempts=3, wait=10)


@app.task(name="privacy.export", queue="imports", retry=_RETRY)
def export(export_id: int) -> None:
    """Prepare everything about a person on behalf of whoever asked."""
    asked = services.export_of_job(export_id)
    if asked.user is not None:
        services.run_export(accounts.actor(asked.user, via=Via.JOB), asked)


@app.task(name="privacy.erase", queue="imports", retry=_RETRY)
def erase(erasure_id: int) -> None:
    """Erase a person on behalf of whoever asked."""
    asked = services.erasure_of_job(erasure_id)
    if asked.user is not None:
        services.run_erasure(accounts.actor(asked.user, via=Via.JOB), erasure_id)


@app.periodic(cron="23 3 * * *")
@app.task(
    name="privacy.forget_exports", queue="upkeep", queueing_lock="privacy.forget_exports", pass_context=False
)
def forget_exports(timestamp: int) -> None:
    """Files that were prepared for somebody hold all that is known of them; they go after a few days."""
    services.forget_exports()
