"""Taking the words out of files, in the background."""

from __future__ import annotations

from django.db import transaction

from enishi.content import extraction
from enishi.content.models import FileVersion
from enishi.content.services.searchable import index_files
from enishi.core import storage


def extract_words(version_id: int) -> None:
    """Read the words of one version and let the search find them. Safe to repeat; equal bytes are read once."""
    version = FileVersion.objects.filter(pk=version_id).first()
    if version is None or version.reading != FileVersion.Reading.WAITING:
        return
    read_before = FileVersion.objects.filter(
        sha256=version.sha256, media_type=version.media_type, reading=FileVersion.Reading.READ
    ).first()
    if read_before is not None:
        found = extraction.Extracted(read_before.text)
    else:
        found = extraction.extract(storage.path_of(version.sha256), version.media_type)
    with transaction.atomic():
        version.text = found.text
        version.reading = FileVersion.Reading.FAILED if found.failed else FileVersion.Reading.READ
        version.save(update_fields=["text", "reading"])
        index_files([version.file_id])
