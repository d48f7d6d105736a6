"""Making, taking out and redacting reports."""

from enishi.reports.services.making import AT_ONCE, freeze, make_report, run_job
from enishi.reports.services.redacting import redact
from enishi.reports.services.taking import FORMATS, Taken, read_report, take

__all__ = [
    "AT_ONCE",
    "FORMATS",
    "Taken",
    "freeze",
    "make_report",
    "read_report",
    "redact",
    "run_job",
    "take",
]
