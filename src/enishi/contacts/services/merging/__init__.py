"""One person, one record: merging two, and separating them again."""

from enishi.contacts.services.merging.applying import (
    KIND,
    MERGE,
    MergePreview,
    merge,
    preview_merge,
)
from enishi.contacts.services.merging.lines import Line, PointLine
from enishi.contacts.services.merging.undoing import preview_undo, undo

__all__ = [
    "KIND",
    "MERGE",
    "Line",
    "MergePreview",
    "PointLine",
    "merge",
    "preview_merge",
    "preview_undo",
    "undo",
]
