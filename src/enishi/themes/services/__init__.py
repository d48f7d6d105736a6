"""Changing themes and what was marked with them: one function per use case."""

from enishi.themes.services.errors import ThemeError
from enishi.themes.services.machine import (
    accept_suggestion,
    read_again,
    read_along,
    read_one,
    refuse_suggestion,
    switch_machine,
)
from enishi.themes.services.passages import (
    change_passage,
    judge_overall,
    mark_passage,
    may_mark,
    said_at,
    undo_mark,
    unmark_passage,
)
from enishi.themes.services.tree import (
    SETUP,
    archive_theme,
    create_theme,
    merge_themes,
    rename_theme,
    require_setup,
)

__all__ = [
    "SETUP",
    "ThemeError",
    "accept_suggestion",
    "archive_theme",
    "change_passage",
    "create_theme",
    "judge_overall",
    "mark_passage",
    "may_mark",
    "merge_themes",
    "read_again",
    "read_along",
    "read_one",
    "refuse_suggestion",
    "rename_theme",
    "require_setup",
    "said_at",
    "switch_machine",
    "undo_mark",
    "unmark_passage",
]
