"""Changing themes and what was marked with them: one function per use case."""

from enishi.themes.services.choruses import Marked, answered_all, mark_all, markable
from enishi.themes.services.emerging import Named, name_theme, set_aside
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.machine import (
    accept_suggestion,
    read_again,
    read_along,
    read_one,
    refuse_suggestion,
    switch_machine,
)
from enishi.themes.services.meanings import may_take_out, put_back, take_out
from enishi.themes.services.passages import (
    change_passage,
    judge_overall,
    mark_passage,
    may_mark,
    said_at,
    undo_mark,
    unmark_passage,
)
from enishi.themes.services.replies import (
    REPLY,
    remove_reply,
    save_reply,
    send_due,
    send_reply,
    stop_reply,
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
    "REPLY",
    "SETUP",
    "Marked",
    "Named",
    "ThemeError",
    "accept_suggestion",
    "answered_all",
    "archive_theme",
    "change_passage",
    "create_theme",
    "judge_overall",
    "mark_all",
    "mark_passage",
    "markable",
    "may_mark",
    "may_take_out",
    "merge_themes",
    "name_theme",
    "put_back",
    "read_again",
    "read_along",
    "read_one",
    "refuse_suggestion",
    "remove_reply",
    "rename_theme",
    "require_setup",
    "said_at",
    "save_reply",
    "send_due",
    "send_reply",
    "set_aside",
    "stop_reply",
    "switch_machine",
    "take_out",
    "undo_mark",
    "unmark_passage",
]
