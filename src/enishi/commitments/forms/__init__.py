"""What people enter about promises, tasks, duties and closing days."""

from enishi.commitments.forms.duties import (
    ClauseForm,
    ClausesForm,
    DutyForm,
    EndForm,
    PasteForm,
    ReviewForm,
    SourceForm,
)
from enishi.commitments.forms.ledger import (
    ClosingDayForm,
    DueForm,
    GivenForm,
    PromiseForm,
    ProofForm,
    SettleForm,
    TaskForm,
)

__all__ = [
    "ClauseForm",
    "ClausesForm",
    "ClosingDayForm",
    "DueForm",
    "DutyForm",
    "EndForm",
    "GivenForm",
    "PasteForm",
    "PromiseForm",
    "ProofForm",
    "ReviewForm",
    "SettleForm",
    "SourceForm",
    "TaskForm",
]
