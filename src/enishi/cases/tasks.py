"""Jobs of cases."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.cases import services


@app.periodic(cron="5,15,25,35,45,55 * * * *")
@app.task(name="cases.remind", queue="upkeep", queueing_lock="cases.remind", lock="cases.remind")
def remind(timestamp: int) -> None:
    """Tell owners whose time is short or over, and end what nobody answered in time."""
    services.remind_all()
    services.lapse_unmaskings()


@app.task(name="cases.tell_news", queue="mail")
def tell_news(case_id: int) -> None:
    """Send one mail. It is not tried again: one that comes twice would tell more than one that is missing."""
    services.send_news(case_id)
