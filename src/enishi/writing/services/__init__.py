"""Having drafts written, and setting up who writes them: one function per use case."""

from enishi.writing.services.drafts import (
    ask_answer,
    ask_conversation,
    ask_person,
    forget_drafts,
    throw_away,
    write_draft,
)
from enishi.writing.services.errors import WritingError
from enishi.writing.services.setup import SETUP, change_service, try_service

__all__ = [
    "SETUP",
    "WritingError",
    "ask_answer",
    "ask_conversation",
    "ask_person",
    "change_service",
    "forget_drafts",
    "throw_away",
    "try_service",
    "write_draft",
]
