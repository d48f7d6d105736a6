"""Jobs of the history: delivering events, sealing."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from enishi.accounts.access import system_actor
from enishi.core.events import receivers
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
