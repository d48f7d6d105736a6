"""Jobs of reports: freezing long ones."""

from __future__ import annotations

import datetime as dt

from procrastinate.contrib.django import app

from enishi.reports import services


@app.task(name="reports.freeze", queue="upkeep", pass_context=False)
def freeze(report_id: int) -> None:
    """Freeze a long report on behalf of whoever asked."""
    services.run_job(report_id)


@app.periodic(cron="*/15 * * * *")
@app.task(name="reports.send_due", queue="upkeep", queueing_lock="reports.send_due")
def send_due(timestamp: int) -> None:
    """Put scheduled reports that are due into the queue."""
    services.send_due()


@app.task(name="reports.dispatch", queue="upkeep", pass_context=False)
def dispatch(schedule_id: int, due_at: str) -> None:
    """Make the reports of one time of a schedule."""
    services.dispatch(schedule_id, dt.datetime.fromisoformat(due_at))


@app.task(name="reports.mail", queue="mail", pass_context=False)
def mail(report_id: int, user_id: int) -> None:
    """Send one mail. It is not tried again: the report stands in the list anyway."""
    services.mail_report(report_id, user_id)
