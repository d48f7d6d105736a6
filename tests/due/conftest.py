"""The clock of what falls due."""

from commitments.conftest import at

__all__ = ["at"]
