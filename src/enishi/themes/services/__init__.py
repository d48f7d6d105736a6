"""Changing themes and what was marked with them: one function per use case."""

from enishi.themes.services.answers import (
    leave_out,
    may_answer,
    remove_answer,
    require_answer,
    save_answer,
    send_answer,
    stop_answer,
)
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
from enishi.themes.services.outbox import send_due
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
    remove_reply,
    save_reply,
    send_reply,
    stop_reply,
)
from enishi.themes.services.sending import REPLY
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
    "leave_out",
    "mark_all",
    "mark_passage",
    "markable",
    "may_answer",
    "may_mark",
    "may_take_out",
    "merge_themes",
    "name_theme",
    "put_back",
    "read_again",
    "read_along",
    "read_one",
    "refuse_suggestion",
    "remove_answer",
    "remove_reply",
    "rename_theme",
    "require_answer",
    "require_setup",
    "said_at",
    "save_answer",
    "save_reply",
    "send_answer",
    "send_due",
    "send_reply",
    "set_aside",
    "stop_answer",
    "stop_reply",
    "switch_machine",
    "take_out",
    "undo_mark",
    "unmark_passage",
]
