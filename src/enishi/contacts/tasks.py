"""Jobs of contacts: dry runs and imports."""

from __future__ import annotations

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from enishi.contacts.services import importing

ATTEMPTS = 4
_RETRY = RetryStrategy(max_attempts=ATTEMPTS, wait=5)


@app.task(name="contacts.import_check", queue="imports", retry=_RETRY, pass_context=True)
def import_check(context: JobContext, run_id: int) -> None:
    """Try an import. Started again it begins anew."""
    run = importing.run_of_job(run_id)
    if run.state != run.State.CHECKING:
        return
    with importing.failing_after(run, last=context.job.attempts >= ATTEMPTS - 1):
        importing.check(importing.worker_of(run), run)


@app.task(name="contacts.import_apply", queue="imports", retry=_RETRY, pass_context=True)
def import_apply(context: JobContext, run_id: int) -> None:
    """Bring the rows of an import in. Started again it goes on where it stood."""
    run = importing.run_of_job(run_id)
    if run.state != run.State.APPLYING:
        return
    with importing.failing_after(run, last=context.job.attempts >= ATTEMPTS - 1):
        importing.apply(importing.worker_of(run), run)
