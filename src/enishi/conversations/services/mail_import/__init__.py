"""Importing mail archives: read in batches, stored as conversations in threads, resumable, undoable as a whole."""

from enishi.conversations.services.mail_import.batches import Archive
from enishi.conversations.services.mail_import.importer import MailImporter
from enishi.conversations.services.mail_import.runs import (
    ImportTaken,
    MailOptions,
    report_of,
    run_mail_import,
    start_mail_import,
    try_mail_import,
)
from enishi.conversations.services.mail_import.undo import UndoMailImport

__all__ = [
    "Archive",
    "ImportTaken",
    "MailImporter",
    "MailOptions",
    "UndoMailImport",
    "report_of",
    "run_mail_import",
    "start_mail_import",
    "try_mail_import",
]
