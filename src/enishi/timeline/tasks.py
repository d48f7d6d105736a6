"""Jobs of the history: delivering events, sealing."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from enishi.accounts import queries as accounts
from enishi.accounts.access import Via, system_actor
from enishi.core.events import receivers
from enishi.timeline import queries, services
from enishi.timeline.handover import moving
from enishi.timeline.proof import BATCH, seal_next
from enishi.timeline.queries import recorded


@app.task(name="timeline.deliver", queue="events", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def deliver(entry_id: int, receiver: str) -> None:
    """Hand one entry to one receiver; a receiver that is no longer installed is passed over."""
    entry = recorded(entry_id)
    function = receivers(entry.event).get(receiver)
    if function is not None:
        function(system_actor(receiver.rpartition(".")[2]), entry)


@app.periodic(cron="* * * * *")
@app.task(name="timeline.seal", queue="upkeep", queueing_lock="timeline.seal", pass_context=False)
def seal(timestamp: int) -> None:
    """Seal what was committed since the last minute."""
    while seal_next() == BATCH:
        pass


@app.task(name="timeline.undo", queue="upkeep", pass_context=False)
def undo(operation_id: int, user_id: int, keep: list[str] | None) -> None:
    """Take a large operation back on behalf of whoever asked."""
    user = accounts.person(user_id)
    with translation.override(user.language):
        services.run_undo(accounts.actor(user, via=Via.JOB), operation_id, keep=keep)


@app.task(name="timeline.handover", queue="upkeep", pass_context=False)
def handover(operation_id: int, user_id: int) -> None:
    """Hand over on behalf of whoever asked. Started again after it was done, it does nothing."""
    user = accounts.person(user_id)
    with translation.override(user.language):
        moving.finish_by_job(accounts.actor(user, via=Via.JOB), operation_id)


@app.task(name="timeline.check", queue="upkeep", pass_context=False)
def check(check_id: int) -> None:
    """Prove the whole history."""
    asked = queries.check(check_id)
    with translation.override(asked.user.language if asked.user else settings.LANGUAGE_CODE):
        services.run_check(check_id)
