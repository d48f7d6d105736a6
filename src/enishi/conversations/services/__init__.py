"""Changing conversations: one function per use case."""

from enishi.conversations.services.drafts import ParticipantDraft, parties_by_address
from enishi.conversations.services.errors import Conflict, ConversationError
from enishi.conversations.services.interactions import (
    attach,
    change_interaction,
    delete_interaction,
    log_interaction,
    restore_interaction,
    set_answer,
)
from enishi.conversations.services.unknown import Seen, note_unknown

__all__ = [
    "Conflict",
    "ConversationError",
    "ParticipantDraft",
    "Seen",
    "attach",
    "change_interaction",
    "delete_interaction",
    "log_interaction",
    "note_unknown",
    "parties_by_address",
    "restore_interaction",
    "set_answer",
]
