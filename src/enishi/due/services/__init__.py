"""Reminding owners of what falls due, telling others of what stays late, and the rule for that."""

from enishi.due.services.escalation import escalate_all, send_escalation
from enishi.due.services.reminders import plan_digests, remind, remind_all, send_digest
from enishi.due.services.steps import DueError, add_step, remove_step

__all__ = [
    "DueError",
    "add_step",
    "escalate_all",
    "plan_digests",
    "remind",
    "remind_all",
    "remove_step",
    "send_digest",
    "send_escalation",
]
