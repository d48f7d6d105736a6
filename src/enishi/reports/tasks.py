"""Jobs of reports: freezing long ones."""

from __future__ import annotations

from procrastinate.contrib.django import app

from enishi.reports import services


@app.task(name="reports.freeze", queue="upkeep", pass_context=False)
def freeze(report_id: int) -> None:
    """Freeze a long report on behalf of whoever asked."""
    services.run_job(report_id)
