from __future__ import annotations

from django.utils.translation import gettext as _

from enishi.core.errors import Refusal


class ConversationError(Refusal):
    """A conversation cannot be saved as asked; ``field`` is where, the text says why and what to do."""


class Conflict(Exception):
    """Somebody else saved the conversation since it was read; ``current`` is the version now."""

    def __init__(self, current: int) -> None:
        super().__init__(_("Somebody else has changed this conversation since you opened it."))
        self.current = current
