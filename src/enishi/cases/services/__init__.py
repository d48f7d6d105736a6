"""Changing cases: one function per use case."""

from enishi.cases.services.cases import acknowledge, change_case, open_case
from enishi.cases.services.exclusion import keep_out, let_in
from enishi.cases.services.following import (
    catch_up,
    follow_task,
    index_of_party,
    raise_of_party,
    raise_of_talk,
)
from enishi.cases.services.moving import (
    appeal,
    appeal_until,
    ask_satisfaction,
    move_case,
    note_satisfaction,
    reopen_case,
)
from enishi.cases.services.pausing import pause, resume
from enishi.cases.services.portal import (
    appeal_outcome,
    check_files,
    enter,
    judge_outcome,
    leave_address,
    read_ours,
    report,
    say,
    send_news,
    set_page,
    tell,
)
from enishi.cases.services.rules import EDIT, CaseError, Conflict, Missing
from enishi.cases.services.talk import note
from enishi.cases.services.ties import promise_from_case, tie, untie
from enishi.cases.services.unmasking import (
    answer_unmasking,
    ask_to_unmask,
    lapse_unmaskings,
    open_address,
)

__all__ = [
    "EDIT",
    "CaseError",
    "Conflict",
    "Missing",
    "acknowledge",
    "answer_unmasking",
    "appeal",
    "appeal_outcome",
    "appeal_until",
    "ask_satisfaction",
    "ask_to_unmask",
    "catch_up",
    "change_case",
    "check_files",
    "enter",
    "follow_task",
    "index_of_party",
    "judge_outcome",
    "keep_out",
    "lapse_unmaskings",
    "leave_address",
    "let_in",
    "move_case",
    "note",
    "note_satisfaction",
    "open_address",
    "open_case",
    "pause",
    "promise_from_case",
    "raise_of_party",
    "raise_of_talk",
    "read_ours",
    "reopen_case",
    "report",
    "resume",
    "say",
    "send_news",
    "set_page",
    "tell",
    "tie",
    "untie",
]
