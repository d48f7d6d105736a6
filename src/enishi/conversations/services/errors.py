from __future__ import annotations

from django.utils.translation import gettext as _


class ConversationError(Exception):
    """A conversation cannot be saved as asked; ``field`` is where, the text says why and what to do."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Conflict(Exception):
    """Somebody else saved the conversation since it was read; ``current`` is the version now."""

    def __init__(self, current: int) -> None:
        super().__init__(_("Somebody else has changed this conversation since you opened it."))
        self.current = current
