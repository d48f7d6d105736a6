"""Opening files for readers. Every look at a confidential one is in the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Level
from enishi.content import media, signals
from enishi.content.models import File, FileVersion
from enishi.content.services.files import FileError
from enishi.core import storage
from enishi.search.models import Kind
from enishi.search.services import visit
from enishi.timeline.services import record


@dataclass(frozen=True)
class Opened:
    """A version ready to be sent."""

    file: File
    version: FileVersion
    stream: BinaryIO


def note_read(actor: Actor, file: File, *, how: str, version: int | None = None) -> None:
    if file.confidentiality >= Level.CONFIDENTIAL:
        record(actor, signals.confidential_read, subject=file, data={"how": how, "version": version})


@transaction.atomic
def view_file(actor: Actor, file: File) -> None:
    """Somebody opened the page of a file, where its words stand too."""
    visit(actor, Kind.FILE, file.pk)
    note_read(actor, file, how="page")


@transaction.atomic
def open_file(actor: Actor, file_id: int, number: int | None = None, *, how: str = "download") -> Opened:
    """Open a version, the newest without a number. Raises DoesNotExist for what the actor may not see.

    ``how`` it leaves the house stands in the history of a confidential file.
    """
    file = File.objects.visible_to(actor).get(pk=file_id, deleted_at__isnull=True)
    version = file.versions.first() if number is None else file.versions.get(number=number)
    if version is None:
        raise FileVersion.DoesNotExist
    try:
        stream = storage.open_blob(version.sha256)
    except FileNotFoundError:
        raise FileError(
            _(
                "The bytes of “%(name)s” are missing from the storage. Ask whoever runs the installation to restore them."
            )
            % {"name": file.name}
        ) from None
    note_read(actor, file, how=how, version=version.number)
    return Opened(file, version, stream)


def open_picture(actor: Actor, file_id: int, number: int | None = None) -> Opened:
    """Open a picture that a browser may show in a page; anything else raises DoesNotExist."""
    file = File.objects.visible_to(actor).get(pk=file_id, deleted_at__isnull=True)
    version = file.versions.first() if number is None else file.versions.get(number=number)
    if version is None or version.media_type not in media.SHOWN_INLINE:
        raise FileVersion.DoesNotExist
    return open_file(actor, file_id, version.number)
