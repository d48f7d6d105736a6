"""Jobs of what falls due."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.accounts.access import system_actor
from enishi.due import services


@app.periodic(cron="*/10 * * * *")
@app.task(name="due.remind", queue="upkeep", queueing_lock="due.remind", lock="due.remind")
def remind(timestamp: int) -> None:
    """Remind owners of what came nearer, tell others of what stays late, and plan the mails of the morning."""
    services.remind_all()
    services.escalate_all(system_actor("reminders"))
    services.plan_digests()


@app.task(name="due.send_digest", queue="mail")
def send_digest(digest_id: int) -> None:
    """Send one mail. It is not tried again: a reminder that is missing is better than one that comes twice."""
    services.send_digest(digest_id)


@app.task(name="due.send_escalation", queue="mail")
def send_escalation(escalation_id: int) -> None:
    """Send one mail. It is not tried again, as with digests."""
    services.send_escalation(escalation_id)
