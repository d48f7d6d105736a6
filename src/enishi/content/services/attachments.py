"""Attachments of many messages at once: bytes are kept first, each once; the rows follow with the messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.content import extraction, media, signals
from enishi.content.models import File, FileLink, FileVersion
from enishi.content.services.files import file_name
from enishi.content.services.searchable import index_files
from enishi.core import clock, jobs, storage
from enishi.search.models import Kind
from enishi.search.services import forget
from enishi.timeline.bulk import Happened, record_rows
from enishi.timeline.models import Operation
from enishi.timeline.placing import displace_all
from enishi.timeline.services import subject_type

WORDS_AT_ONCE = 40
"""Files whose words one job reads."""
Reading = FileVersion.Reading


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are kept, under the name they came with. ``text``: their words where these are known already."""

    name: str
    sha256: str
    size: int
    media_type: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentDraft:
    """Kept bytes as the attachment of one message: its project, its level and when it came."""

    kept: Kept
    project_id: int
    confidentiality: int
    came_at: dt.datetime


def keep(name: str, data: bytes, *, sha256: str, text: str = "") -> Kept:
    """Keep the bytes of an attachment unless they are kept already; ``sha256`` is theirs."""
    if not storage.path_of(sha256).exists():
        storage.put_bytes(data)
    head = data[: media.HEAD]
    return Kept(
        file_name(name) or str(_("unnamed")),
        sha256,
        len(data),
        media.sniff(head, name),
        text[: extraction.TEXT_LIMIT],
    )


def add_attachments(
    actor: Actor, drafts: Sequence[AttachmentDraft], *, operation: Operation | None
) -> list[int]:
    """Make the files of many messages, in the order given, under the right for the messages; returns their ids.

    Records them, lets them be found, and defers the reading of their words in batches.
    """
    now = clock.now()
    files = File.objects.bulk_create(
        [
            File(
                project_id=draft.project_id,
                name=draft.kept.name,
                attachment=True,
                confidentiality=draft.confidentiality,
                added_by_id=actor.user_id,
                created_at=draft.came_at,
            )
            for draft in drafts
        ],
        batch_size=1000,
    )
    versions = FileVersion.objects.bulk_create(
        [
            FileVersion(
                file=file,
                number=1,
                sha256=draft.kept.sha256,
                size=draft.kept.size,
                media_type=draft.kept.media_type,
                text=draft.kept.text,
                reading=_reading(draft.kept),
                user_id=actor.user_id,
                created_at=now,
            )
            for file, draft in zip(files, drafts, strict=True)
        ],
        batch_size=1000,
    )
    index_files([file.pk for file in files])
    record_rows(
        actor,
        operation,
        [
            Happened(
                event=signals.file_added,
                subject_type=subject_type(File),
                subject_id=file.pk,
                label=file.name,
                party_id=None,
                changes={},
                data={"version": 1, "sha256": draft.kept.sha256, "size": draft.kept.size, "parties": []},
                project_ids=[file.project_id],
                confidentiality=file.confidentiality,
            )
            for file, draft in zip(files, drafts, strict=True)
        ],
    )
    _read_words_later(versions)
    return [file.pk for file in files]


def _reading(kept: Kept) -> str:
    if kept.text:
        return Reading.READ
    return Reading.WAITING if kept.size and extraction.readable(kept.media_type) else Reading.NONE


def _read_words_later(versions: Sequence[FileVersion]) -> None:
    waiting = sorted((one for one in versions if one.reading == Reading.WAITING), key=lambda one: one.sha256)
    for start in range(0, len(waiting), WORDS_AT_ONCE):
        ids = [one.pk for one in waiting[start : start + WORDS_AT_ONCE]]
        jobs.defer("content.extract_words_of_many", version_ids=ids)


def remove_attachments(file_ids: Collection[int]) -> int:
    """Remove attachments as if they had never come, except those that somebody worked with since. Undo of an import."""
    versions = (
        FileVersion.objects.filter(file=OuterRef("pk"))
        .order_by()
        .values("file")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
    )
    untouched = list(
        File.objects.unscoped("the import that made them is taken back")
        .filter(pk__in=list(file_ids), attachment=True)
        .exclude(Exists(FileLink.objects.filter(file=OuterRef("pk"))))
        .exclude(Exists(versions))
        .values_list("pk", flat=True)
    )
    forget(Kind.FILE, untouched)
    displace_all(subject_type(File), untouched)
    File.objects.unscoped("the import that made them is taken back").filter(pk__in=untouched).delete()
    return len(untouched)
