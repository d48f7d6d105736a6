"""Reading conversations."""

from enishi.conversations.queries.born import Born, born_from, marks_of
from enishi.conversations.queries.debt import Debt, Span, answer_debt
from enishi.conversations.queries.interactions import (
    AddedFilter,
    Filters,
    Page,
    Position,
    added_filters,
    by_ids,
    interaction,
    interactions,
    level_of,
    level_of_file,
    matching,
    siblings,
    visible_participants,
    waiting,
    waiting_count,
)
from enishi.conversations.queries.people import Person, people_by_token, people_found, tag_choices, token_of
from enishi.conversations.queries.senders import Waiting, sender, senders, senders_count
from enishi.conversations.queries.timeline import Drawn, Thread, View, draw, party_timeline
from enishi.conversations.queries.versions import Version, compare, versions

__all__ = [
    "AddedFilter",
    "Born",
    "Debt",
    "Drawn",
    "Filters",
    "Page",
    "Person",
    "Position",
    "Span",
    "Thread",
    "Version",
    "View",
    "Waiting",
    "added_filters",
    "answer_debt",
    "born_from",
    "by_ids",
    "compare",
    "draw",
    "interaction",
    "interactions",
    "level_of",
    "level_of_file",
    "marks_of",
    "matching",
    "party_timeline",
    "people_by_token",
    "people_found",
    "sender",
    "senders",
    "senders_count",
    "siblings",
    "tag_choices",
    "token_of",
    "versions",
    "visible_participants",
    "waiting",
    "waiting_count",
]
