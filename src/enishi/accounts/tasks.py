"""Jobs of accounts."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from enishi.accounts import services


@app.task(
    name="accounts.send_invitation", queue="mail", retry=RetryStrategy(max_attempts=6, exponential_wait=4)
)
def send_invitation(user_id: int) -> None:
    services.send_invitation(user_id)
