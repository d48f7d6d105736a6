"""Jobs of themes: the machine reads along."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.themes import services


@app.periodic(cron="* * * * *")
@app.task(
    name="themes.read_along",
    queue="upkeep",
    queueing_lock="themes.read_along",
    lock="themes.read_along",
    pass_context=False,
)
def read_along(timestamp: int) -> None:
    """Read what is new, and a while longer what was there before. A third of each minute, so that others get on."""
    services.read_along()


@app.periodic(cron="* * * * *")
@app.task(
    name="themes.send_replies",
    queue="mail",
    queueing_lock="themes.send_replies",
    lock="themes.send_replies",
    pass_context=False,
)
def send_replies(timestamp: int) -> None:
    """What was done goes to those who said it."""
    services.send_due()
