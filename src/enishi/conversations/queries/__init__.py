"""Reading conversations."""

from enishi.conversations.queries.interactions import (
    Filters,
    interaction,
    interactions,
    siblings,
    visible_participants,
    waiting,
)

__all__ = [
    "Filters",
    "interaction",
    "interactions",
    "siblings",
    "visible_participants",
    "waiting",
]
