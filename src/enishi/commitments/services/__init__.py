"""Promises, tasks, what repeats, reminders and closing days: everything that writes them."""

from enishi.commitments.services.closing import add_closing_day, remove_closing_day
from enishi.commitments.services.duties import (
    DutyDraft,
    change_duty,
    change_source,
    end_duty,
    resume_duty,
    review_duty,
    write_duties,
    write_source,
)
from enishi.commitments.services.following import (
    catch_up,
    index_of_party,
    raise_confidentiality,
    raise_these,
)
from enishi.commitments.services.giving import change_contribution, give, remove_contribution
from enishi.commitments.services.promises import (
    add_proof,
    change_promise,
    delete_promise,
    make_promise,
    move_promise,
    reopen_promise,
    report_done,
    settle_promise,
    start_promise,
)
from enishi.commitments.services.repeating import extend_all_series, extend_series
from enishi.commitments.services.rules import CommitmentError, Conflict
from enishi.commitments.services.series import change_from_here, change_series, end_series, resume_series
from enishi.commitments.services.tasks import change_task, delete_task, finish_task, make_task, reopen_task
from enishi.commitments.services.undo import undo

__all__ = [
    "CommitmentError",
    "Conflict",
    "DutyDraft",
    "add_closing_day",
    "add_proof",
    "catch_up",
    "change_contribution",
    "change_duty",
    "change_from_here",
    "change_promise",
    "change_series",
    "change_source",
    "change_task",
    "delete_promise",
    "delete_task",
    "end_duty",
    "end_series",
    "extend_all_series",
    "extend_series",
    "finish_task",
    "give",
    "index_of_party",
    "make_promise",
    "make_task",
    "move_promise",
    "raise_confidentiality",
    "raise_these",
    "remove_closing_day",
    "remove_contribution",
    "reopen_promise",
    "reopen_task",
    "report_done",
    "resume_duty",
    "resume_series",
    "review_duty",
    "settle_promise",
    "start_promise",
    "undo",
    "write_duties",
    "write_source",
]
