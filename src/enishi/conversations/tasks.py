"""Jobs of conversations."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from enishi.conversations import services


@app.task(
    name="conversations.send_invitations",
    queue="mail",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4, retry_exceptions=[services.ServerAway]),
)
def send_invitations(interaction_id: int) -> None:
    """Send what waits for one meeting; tried for some days while the mail server cannot be reached."""
    services.send_invitations(interaction_id)


@app.task(name="conversations.part_words", queue="upkeep", retry=RetryStrategy(max_attempts=4, wait=5))
def part_words() -> None:
    """Let the addresses in mails stand apart in the index; what stands so already is not touched."""
    after: int | None = 0
    while after is not None:
        after = services.part_words(after=after)
