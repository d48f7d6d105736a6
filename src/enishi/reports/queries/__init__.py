"""Reading reports: lists, one of them, its rows, and whether it is as it was."""

from enishi.reports.queries.checking import Finding, check
from enishi.reports.queries.document import document, text_of
from enishi.reports.queries.frames import (
    Choice,
    ReportError,
    clearance,
    frame_of,
    levels,
    projects,
    tag_choices,
)
from enishi.reports.queries.preview import Preview, preview
from enishi.reports.queries.reports import (
    Slice,
    definition_of,
    dispatches,
    listed,
    redactions,
    report,
    reports,
    rows,
    schedule,
    schedules,
    schedules_like,
    some_rows,
    tables,
)

__all__ = [
    "Choice",
    "Finding",
    "Preview",
    "ReportError",
    "Slice",
    "check",
    "clearance",
    "definition_of",
    "dispatches",
    "document",
    "frame_of",
    "levels",
    "listed",
    "preview",
    "projects",
    "redactions",
    "report",
    "reports",
    "rows",
    "schedule",
    "schedules",
    "schedules_like",
    "some_rows",
    "tables",
    "tag_choices",
    "text_of",
]
