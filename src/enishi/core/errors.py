"""What services refuse, in words for the person who asked."""

from __future__ import annotations


class Refusal(Exception):
    """What was asked for cannot be done: the text says why and what to do, ``field`` names the part of the form it is about."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field
