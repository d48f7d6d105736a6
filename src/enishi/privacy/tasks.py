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


@app.task(name="privacy.retain", queue="imports", retry=_RETRY)
def retain(run_id: int) -> None:
    """Do what a retention rule says. Started again it goes on where it stood."""
    services.work(run_id)


@app.task(name="privacy.retain_final", queue="imports", retry=_RETRY)
def retain_final(run_id: int) -> None:
    """Let go for good what a rule put into the recycle bin. Started again it goes on where it stood."""
    services.work_final(run_id)


@app.periodic(cron="10 2 * * *")
@app.task(name="privacy.retain_all", queue="upkeep", queueing_lock="privacy.retain_all", pass_context=False)
def retain_all(timestamp: int) -> None:
    """Begin the work of the rules that are on, and empty the bins whose days are over."""
    services.empty_bins()
    services.retain_all()
