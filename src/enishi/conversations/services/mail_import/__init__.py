"""Importing mail archives: read in batches, stored as conversations in threads, resumable, undoable as a whole."""

from enishi.conversations.services.mail_import.arriving import answered, keep_arrived, lead_to_thread
from enishi.conversations.services.mail_import.batches import Archive
from enishi.conversations.services.mail_import.importer import MailImporter
from enishi.conversations.services.mail_import.mails import TOKEN_HOST, Mail, prepare
from enishi.conversations.services.mail_import.people import OURS
from enishi.conversations.services.mail_import.runs import (
    ImportTaken,
    MailOptions,
    report_of,
    run_mail_import,
    start_mail_import,
    try_mail_import,
)
from enishi.conversations.services.mail_import.undo import UndoMailImport
from enishi.conversations.services.mail_import.writing import Target

__all__ = [
    "OURS",
    "TOKEN_HOST",
    "Archive",
    "ImportTaken",
    "Mail",
    "MailImporter",
    "MailOptions",
    "Target",
    "UndoMailImport",
    "answered",
    "keep_arrived",
    "lead_to_thread",
    "prepare",
    "report_of",
    "run_mail_import",
    "start_mail_import",
    "try_mail_import",
]
