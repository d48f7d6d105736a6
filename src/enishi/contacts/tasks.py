"""Jobs of contacts: dry runs and imports, changes of many, the search for duplicates."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import translation
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from enishi.accounts import queries as accounts
from enishi.accounts.access import Via
from enishi.contacts.services import bulk, duplicates, importing, places, searchable

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


@app.task(name="contacts.import_file", queue="imports", retry=_RETRY)
def import_file(importer: str, sha256: str, filename: str, project_id: int, user_id: int | None) -> None:
    """Hand a file to the importer that takes it. Importers bring nothing in twice."""
    actor = importing.user_at_work(user_id)
    importing.import_file(actor, importer=importer, sha256=sha256, filename=filename, project_id=project_id)


@app.task(name="contacts.import_apply", queue="imports", retry=_RETRY, pass_context=True)
def import_apply(context: JobContext, run_id: int) -> None:
    """Bring the rows of an import in. Started again it goes on where it stood."""
    run = importing.run_of_job(run_id)
    if run.state != run.State.APPLYING:
        return
    with importing.failing_after(run, last=context.job.attempts >= ATTEMPTS - 1):
        importing.apply(importing.worker_of(run), run)


@app.task(name="contacts.bulk", queue="imports", retry=_RETRY, pass_context=False)
def bulk_change(operation_id: int, user_id: int) -> None:
    """Change many contacts on behalf of whoever asked. Started again it goes on where it stood."""
    user = accounts.person(user_id)
    with translation.override(user.language):
        url = reverse("timeline:operation", args=[operation_id])
        bulk.finish_by_job(accounts.actor(user, via=Via.JOB), operation_id, url=url)


@app.periodic(cron="*/10 * * * *")
@app.task(
    name="contacts.duplicates_new", queue="upkeep", queueing_lock="contacts.duplicates", pass_context=False
)
def duplicates_of_changed(timestamp: int) -> None:
    """Look for duplicates of whoever was entered or changed lately; the times overlap, repeats are harmless."""
    duplicates.scan_changed(since=dt.timedelta(minutes=15))


@app.periodic(cron="40 2 * * *")
@app.task(
    name="contacts.duplicates_all", queue="upkeep", queueing_lock="contacts.duplicates", pass_context=False
)
def duplicates_of_all(timestamp: int) -> None:
    """Look for duplicates among all."""
    duplicates.scan()


@app.periodic(cron="*/10 * * * *")
@app.task(
    name="contacts.find_places", queue="upkeep", queueing_lock="contacts.find_places", pass_context=False
)
def find_places(timestamp: int) -> None:
    """Put addresses on the map that came in lately; those looked for before are not asked again."""
    places.find_places()


@app.task(name="contacts.follow_town", queue="upkeep", retry=_RETRY)
def follow_town(town_id: int) -> None:
    """Let addresses follow a town that was put on the map."""
    places.follow_town(town_id)


@app.task(name="contacts.part_words", queue="upkeep", retry=_RETRY)
def part_words() -> None:
    """Let addresses and numbers stand apart in the index; what stands so already is not touched."""
    after: int | None = 0
    while after is not None:
        after = searchable.part_words(after=after)


@app.periodic(cron="17 3 * * *")
@app.task(
    name="contacts.forget_staged", queue="upkeep", queueing_lock="contacts.forget_staged", pass_context=False
)
def forget_staged(timestamp: int) -> None:
    """Staged rows hold what the files held; they go when the import can no longer be undone."""
    importing.forget_rows()
