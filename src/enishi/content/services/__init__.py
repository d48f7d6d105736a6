"""Keeping files: adding, changing, linking, reading them, and taking out their words."""

from enishi.content.services.attachments import (
    AttachmentDraft,
    Kept,
    add_attachments,
    keep,
    remove_attachments,
)
from enishi.content.services.files import (
    FileDraft,
    FileError,
    add_file,
    add_files,
    add_version,
    change_file,
    delete_file,
    link_file,
    raise_level,
    restore_file,
    set_attachments_aside,
)
from enishi.content.services.reading import Opened, open_file, open_picture, view_file
from enishi.content.services.words import extract_words

__all__ = [
    "AttachmentDraft",
    "FileDraft",
    "FileError",
    "Kept",
    "Opened",
    "add_attachments",
    "add_file",
    "add_files",
    "add_version",
    "change_file",
    "delete_file",
    "extract_words",
    "keep",
    "link_file",
    "open_file",
    "open_picture",
    "raise_level",
    "remove_attachments",
    "restore_file",
    "set_attachments_aside",
    "view_file",
]
