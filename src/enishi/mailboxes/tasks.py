"""Jobs of mailboxes."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.mailboxes import services


@app.periodic(cron="* * * * *")
@app.task(name="mailboxes.wake", queue="mail", queueing_lock="mailboxes.wake", pass_context=False)
def wake(timestamp: int) -> None:
    """Each minute: a job for each mailbox whose turn it is."""
    services.wake()


@app.task(name="mailboxes.read", queue="mail", pass_context=False)
def read(mailbox_id: int) -> None:
    """Read one mailbox; its lock lets one read at a time."""
    services.read(mailbox_id)


@app.task(name="mailboxes.send", queue="mail", pass_context=False)
def send(reply_id: int) -> None:
    """Send one answer, once."""
    services.send(reply_id)


@app.periodic(cron="17 4 * * *")
@app.task(
    name="mailboxes.forget_unused",
    queue="upkeep",
    queueing_lock="mailboxes.forget_unused",
    pass_context=False,
)
def forget_unused(timestamp: int) -> None:
    """Each night: files that were chosen for answers and never went."""
    services.forget_unused()
