"""Jobs of promises and tasks: reminding, mailing, making the times to come of what repeats."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.accounts.access import system_actor
from enishi.commitments import services


@app.periodic(cron="*/10 * * * *")
@app.task(
    name="commitments.remind", queue="upkeep", queueing_lock="commitments.remind", lock="commitments.remind"
)
def remind(timestamp: int) -> None:
    """Remind owners of what came nearer, and plan the mails of the morning."""
    services.remind_all()
    services.remind_reviews()
    services.escalate_all(system_actor("reminders"))
    services.plan_digests()


@app.task(name="commitments.send_digest", queue="mail")
def send_digest(digest_id: int) -> None:
    """Send one mail. It is not tried again: a reminder that is missing is better than one that comes twice."""
    services.send_digest(digest_id)


@app.task(name="commitments.send_escalation", queue="mail")
def send_escalation(escalation_id: int) -> None:
    """Send one mail. It is not tried again, as with digests."""
    services.send_escalation(escalation_id)


@app.periodic(cron="20 2 * * *")
@app.task(name="commitments.extend_series", queue="upkeep", queueing_lock="commitments.extend_series")
def extend_series(timestamp: int) -> None:
    """Make the times of the next three months of everything that repeats."""
    services.extend_all_series(system_actor("repeats"))
