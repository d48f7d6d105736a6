from __future__ import annotations


class WritingError(ValueError):
    """What was asked for cannot be done; ``field`` names the part of the form that it is about."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field
