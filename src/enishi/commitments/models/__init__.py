"""The promise ledger with the duties that promises come from, tasks, and the organisation's own closing days."""

from enishi.commitments.models.duties import Duty, Source
from enishi.commitments.models.giving import Contribution
from enishi.commitments.models.ledger import (
    ClosingDay,
    Commitment,
    Promise,
    Proof,
    Series,
    Task,
)

__all__ = [
    "ClosingDay",
    "Commitment",
    "Contribution",
    "Duty",
    "Promise",
    "Proof",
    "Series",
    "Source",
    "Task",
]
