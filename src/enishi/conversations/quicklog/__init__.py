"""The quick-log line: one typed sentence to what will be saved.

Pure: no database, no settings, no clock. The caller passes the moment, the user's language and a look-up of people.
"""

from .reader import parse
from .reading import (
    Candidate,
    Channel,
    Chip,
    ChipKind,
    Flow,
    Kind,
    Mention,
    Owed,
    People,
    Promise,
    Reading,
    State,
    Task,
)

__all__ = [
    "Candidate",
    "Channel",
    "Chip",
    "ChipKind",
    "Flow",
    "Kind",
    "Mention",
    "Owed",
    "People",
    "Promise",
    "Reading",
    "State",
    "Task",
    "parse",
]
