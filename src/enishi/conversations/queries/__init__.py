"""Reading conversations."""

from enishi.conversations.queries.born import Born, born_from, marks_of
from enishi.conversations.queries.interactions import (
    Filters,
    Page,
    Position,
    by_ids,
    interaction,
    interactions,
    siblings,
    visible_participants,
    waiting,
    waiting_count,
)
from enishi.conversations.queries.senders import Waiting, sender, senders, senders_count
from enishi.conversations.queries.timeline import Drawn, Thread, View, draw, party_timeline
from enishi.conversations.queries.versions import Version, state_at, versions

__all__ = [
    "Born",
    "Drawn",
    "Filters",
    "Page",
    "Position",
    "Thread",
    "Version",
    "View",
    "Waiting",
    "born_from",
    "by_ids",
    "draw",
    "interaction",
    "interactions",
    "marks_of",
    "party_timeline",
    "sender",
    "senders",
    "senders_count",
    "siblings",
    "state_at",
    "versions",
    "visible_participants",
    "waiting",
    "waiting_count",
]
