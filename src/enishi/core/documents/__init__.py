"""Documents for people outside: one description, written as PDF, XLSX, CSV or DOCX.

A ``Document`` holds everything that is written, so that equal documents give equal bytes whenever they are written.
"""

from enishi.core.documents.cells import guarded, shown
from enishi.core.documents.csv import write_csv
from enishi.core.documents.docx import write_docx
from enishi.core.documents.paper import Bar, Chart, Column, Document, Figure, Table
from enishi.core.documents.pdf import write_pdf
from enishi.core.documents.xlsx import write_xlsx

__all__ = [
    "Bar",
    "Chart",
    "Column",
    "Document",
    "Figure",
    "Table",
    "guarded",
    "shown",
    "write_csv",
    "write_docx",
    "write_pdf",
    "write_xlsx",
]
