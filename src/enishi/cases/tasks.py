"""Jobs of cases."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.cases import services


@app.periodic(cron="5,15,25,35,45,55 * * * *")
@app.task(name="cases.lapse", queue="upkeep", queueing_lock="cases.lapse", lock="cases.lapse")
def lapse(timestamp: int) -> None:
    """End what nobody answered in time."""
    services.lapse_unmaskings()


@app.task(name="cases.tell_news", queue="mail")
def tell_news(case_id: int) -> None:
    """Send one mail. It is not tried again: one that comes twice would tell more than one that is missing."""
    services.send_news(case_id)
