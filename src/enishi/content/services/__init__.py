"""Keeping files: adding, changing, linking, reading them, and taking out their words."""

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
    "FileDraft",
    "FileError",
    "Opened",
    "add_file",
    "add_files",
    "add_version",
    "change_file",
    "delete_file",
    "extract_words",
    "link_file",
    "open_file",
    "open_picture",
    "raise_level",
    "restore_file",
    "set_attachments_aside",
    "view_file",
]
