"""Registers that come back from a spreadsheet: what would become of their rows, bringing them in, and taking that back."""

from enishi.reports.services.returning.cases import GrievanceRows
from enishi.reports.services.returning.cases_back import UndoGrievancesBack
from enishi.reports.services.returning.promises import PromiseRows
from enishi.reports.services.returning.promises_back import UndoPromisesBack

__all__ = ["GrievanceRows", "PromiseRows", "UndoGrievancesBack", "UndoPromisesBack"]
