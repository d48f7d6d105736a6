"""What people leave behind when their account is switched off, as apps that keep their work answer."""

from __future__ import annotations

from dataclasses import dataclass

from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.core import registry

PLACE = "accounts.leaving"


@dataclass(frozen=True)
class Leaving:
    """How much is open, and where it is handed to others."""

    count: int
    url: str


def left_behind(actor: Actor, user: User) -> Leaving | None:
    """The first answer that names something open; None when nothing stays behind."""
    for ask in registry.providers(PLACE).values():
        found: Leaving = ask(actor, user)
        if found.count:
            return found
    return None
