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


@app.periodic(cron="50 2 * * *")
@app.task(name="accounts.forget", queue="upkeep", queueing_lock="accounts.forget", pass_context=False)
def forget(timestamp: int) -> None:
    """What is kept for a time only: answers by Idempotency-Key, tries to sign in, sessions."""
    services.forget_old_keys()
    services.forget_old_sign_ins()
    services.forget_old_sessions()
    services.forget_used_assertions()


@app.periodic(cron="20 3 * * *")
@app.task(name="accounts.renew", queue="upkeep", queueing_lock="accounts.renew", pass_context=False)
def renew(timestamp: int) -> None:
    """What sign-in services say of themselves."""
    services.renew_saml_services()
