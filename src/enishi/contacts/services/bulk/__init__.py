"""Many contacts at once: preview, change, undo."""

from enishi.contacts.services.bulk.applying import (
    AT_ONCE,
    BULK,
    KIND,
    Example,
    Preview,
    Selection,
    apply,
    finish_by_job,
    preview,
    run,
)
from enishi.contacts.services.bulk.editors import LABELS, choices, editable, own_field
from enishi.contacts.services.bulk.undoing import preview_undo, undo

__all__ = [
    "AT_ONCE",
    "BULK",
    "KIND",
    "LABELS",
    "Example",
    "Preview",
    "Selection",
    "apply",
    "choices",
    "editable",
    "finish_by_job",
    "own_field",
    "preview",
    "preview_undo",
    "run",
    "undo",
]
