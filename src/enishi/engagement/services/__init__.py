"""Ratings, plans and files given: everything that writes them."""

from enishi.engagement.services.following import catch_up, raise_confidentiality
from enishi.engagement.services.handouts import give, take_back
from enishi.engagement.services.plans import (
    end_line,
    extend_plans,
    fulfil,
    leave_out,
    link_talk,
    plan,
    reopen_step,
)
from enishi.engagement.services.ratings import Judgement, rate, restore_rating, withdraw_rating
from enishi.engagement.services.rules import Conflict, EngagementError
from enishi.engagement.services.undo import undo

__all__ = [
    "Conflict",
    "EngagementError",
    "Judgement",
    "catch_up",
    "end_line",
    "extend_plans",
    "fulfil",
    "give",
    "leave_out",
    "link_talk",
    "plan",
    "raise_confidentiality",
    "rate",
    "reopen_step",
    "restore_rating",
    "take_back",
    "undo",
    "withdraw_rating",
]
