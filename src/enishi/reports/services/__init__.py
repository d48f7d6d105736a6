"""Making, taking out, sending and redacting reports."""

from enishi.reports.services.dashboards import (
    arrange,
    change_dashboard,
    make_dashboard,
    remove_dashboard,
    restore_dashboard,
)
from enishi.reports.services.making import AT_ONCE, freeze, make_report, run_job
from enishi.reports.services.redacting import redact
from enishi.reports.services.scheduling import (
    change_schedule,
    dispatch,
    end_schedule,
    mail_report,
    next_time,
    pause_schedule,
    period,
    require_change,
    schedule_report,
    send_due,
)
from enishi.reports.services.taking import FORMATS, Taken, read_report, take

__all__ = [
    "AT_ONCE",
    "FORMATS",
    "Taken",
    "arrange",
    "change_dashboard",
    "change_schedule",
    "dispatch",
    "end_schedule",
    "freeze",
    "mail_report",
    "make_dashboard",
    "make_report",
    "next_time",
    "pause_schedule",
    "period",
    "read_report",
    "redact",
    "remove_dashboard",
    "require_change",
    "restore_dashboard",
    "run_job",
    "schedule_report",
    "send_due",
    "take",
]
