"""Adding and changing files. Their bytes are kept once, whatever they are called."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project
from enishi.contacts.models import Party
from enishi.content import extraction, media, signals
from enishi.content.models import File, FileLink, FileVersion
from enishi.content.services.searchable import index_files
from enishi.core import clock, jobs, registry, storage, text
from enishi.core.errors import Refusal
from enishi.search.models import Kind
from enishi.search.services import forget
from enishi.timeline.models import Operation
from enishi.timeline.services import differences, displace, place, reclassify, record

VIEW, EDIT, DELETE = "content.view", "content.edit", "content.delete"
FIELDS = ("name", "description", "folder", "confidentiality", "project_id")


class FileError(Refusal):
    """A file cannot be kept as asked; ``field`` is where, the text says why and what to do."""


@dataclass(frozen=True)
class FileDraft:
    """A file to keep, as it came: its name and its bytes."""

    name: str
    data: bytes | IO[bytes]


@dataclass(frozen=True)
class _Kept:
    sha256: str
    size: int
    media_type: str


def _keep(draft: FileDraft) -> _Kept:
    source: IO[bytes] = io.BytesIO(draft.data) if isinstance(draft.data, bytes) else draft.data
    head = source.read(media.HEAD)
    try:
        stored = storage.put(_chunks(head, source), limit=settings.UPLOAD_LIMIT)
    except storage.TooLarge as error:
        raise FileError(
            _("“%(name)s” is larger than %(limit)s MB. Split it, or keep it elsewhere and note where.")
            % {"name": draft.name, "limit": error.limit >> 20},
            "file",
        ) from None
    return _Kept(stored.sha256, stored.size, media.sniff(head, draft.name))


def _chunks(head: bytes, rest: IO[bytes]) -> Iterable[bytes]:
    yield head
    while chunk := rest.read(1 << 20):
        yield chunk


def file_name(typed: str) -> str:
    """The last part of what was given as a name, without what could mislead the eye."""
    name = text.strip_bidi(text.clean(typed)).replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in name if sign.isprintable()).strip()[:300]


def _folder(typed: str) -> str:
    return "/".join(filter(None, (part.strip() for part in text.clean(typed).split("/"))))[:200]


def _level(actor: Actor, project_id: int, level: int | None, floor: int) -> int:
    """A level that the actor may give: never more than they may read themselves."""
    if level is None:
        return max(Project.objects.values_list("default_level", flat=True).get(pk=project_id), floor)
    if level > max(actor.clearance(VIEW, [project_id], own=True), floor):
        raise FileError(_("You cannot make a file more confidential than you may read."), "confidentiality")
    return max(level, floor)


@transaction.atomic
def add_files(
    actor: Actor,
    drafts: Sequence[FileDraft],
    *,
    project: Project | int,
    folder: str = "",
    description: str = "",
    confidentiality: int | None = None,
    party_ids: Iterable[int] = (),
    attachment: bool = False,
    at_least: int = Level.OPEN,
) -> list[File]:
    """Keep several files of one project, with the same placement; their words are read by jobs.

    ``at_least`` is the level of what they hang on. Raises FileError for what cannot be kept, Forbidden without the
    right in the project.
    """
    project_id = project if isinstance(project, int) else project.pk
    actor.require_new(EDIT, project_id, [actor.own_id])
    level = _level(actor, project_id, confidentiality, at_least)
    kept = [_keep(draft) for draft in drafts]
    if not all(one.size for one in kept):
        empty = next(draft.name for draft, one in zip(drafts, kept, strict=True) if not one.size)
        if not attachment:
            raise FileError(_("“%(name)s” is empty. Choose the file again.") % {"name": empty}, "file")
    files = File.objects.bulk_create(
        [
            File(
                project_id=project_id,
                name=file_name(draft.name) or str(_("unnamed")),
                description=text.clean(description)[:500],
                folder=_folder(folder),
                attachment=attachment,
                confidentiality=level,
                added_by_id=actor.user_id,
                created_at=clock.now(),
            )
            for draft in drafts
        ]
    )
    versions = FileVersion.objects.bulk_create(
        [_version(actor, file, 1, one) for file, one in zip(files, kept, strict=True)]
    )
    linked = set(_parties(actor, party_ids)) if party_ids else set()
    if linked:
        FileLink.objects.bulk_create(
            [FileLink(file=file, party_id=party_id) for file in files for party_id in linked]
        )
    index_files([file.pk for file in files])
    for file, version in zip(files, versions, strict=True):
        if linked:
            _place(file, linked)
        record(
            actor,
            signals.file_added,
            subject=file,
            data={"version": 1, "sha256": version.sha256, "size": version.size, "parties": sorted(linked)},
        )
        read_words_later(version)
    return files


def add_file(
    actor: Actor,
    *,
    project: Project | int,
    name: str,
    data: bytes | IO[bytes],
    folder: str = "",
    description: str = "",
    confidentiality: int | None = None,
    party_ids: Iterable[int] = (),
    attachment: bool = False,
    at_least: int = Level.OPEN,
) -> File:
    """Keep one file: see ``add_files``. What it is, is found out from its bytes."""
    (file,) = add_files(
        actor,
        [FileDraft(name, data)],
        project=project,
        folder=folder,
        description=description,
        confidentiality=confidentiality,
        party_ids=party_ids,
        attachment=attachment,
        at_least=at_least,
    )
    return file


def _version(actor: Actor, file: File, number: int, kept: _Kept) -> FileVersion:
    readable = extraction.readable(kept.media_type) and kept.size > 0
    return FileVersion(
        file=file,
        number=number,
        sha256=kept.sha256,
        size=kept.size,
        media_type=kept.media_type,
        reading=FileVersion.Reading.WAITING if readable else FileVersion.Reading.NONE,
        user_id=actor.user_id,
        created_at=clock.now(),
    )


def read_words_later(version: FileVersion) -> None:
    if version.reading == FileVersion.Reading.WAITING:
        jobs.defer("content.extract_words", lock=f"content.words:{version.sha256}", version_id=version.pk)


@transaction.atomic
def add_version(actor: Actor, file: File, *, data: bytes | IO[bytes], name: str = "") -> FileVersion:
    """Put a newer state on top of a file; the older ones stay. The same bytes again change nothing."""
    file = _locked(actor, file)
    actor.require(EDIT, file)
    kept = _keep(FileDraft(name or file.name, data))
    if not kept.size:
        raise FileError(
            _("“%(name)s” is empty. Choose the file again.") % {"name": name or file.name}, "file"
        )
    newest = file.versions.first()
    if newest is not None and newest.sha256 == kept.sha256:
        return newest
    version = _version(actor, file, (newest.number if newest else 0) + 1, kept)
    version.save()
    index_files([file.pk])
    record(
        actor,
        signals.version_added,
        subject=file,
        changes={"version": (newest.number if newest else None, version.number)},
        data={"sha256": version.sha256, "size": version.size},
    )
    read_words_later(version)
    return version


@transaction.atomic
def change_file(actor: Actor, file: File, **values: Any) -> File:
    """Change name, description, folder, project or confidentiality; records what differs."""
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    file = _locked(actor, file)
    actor.require(EDIT, file)
    before = _snapshot(file)
    for name, value in values.items():
        setattr(file, name, value)
    actor.require_new(EDIT, file.project_id, file.owners())
    file.name, file.folder = file_name(file.name), _folder(file.folder)
    file.description = text.clean(file.description)[:500]
    if not file.name:
        raise FileError(_("Give the file a name."), "name")
    if file.confidentiality != before["confidentiality"]:
        _check_level(actor, file)
    changes = differences(before, _snapshot(file))
    if changes:
        file.save(update_fields=list(FIELDS))
        _bring_along(file)
        record(actor, signals.file_changed, subject=file, changes=changes)
    return file


def _check_level(actor: Actor, file: File) -> None:
    least = max(
        (floor(file.pk) for floor in registry.providers("content.least_level").values()), default=Level.OPEN
    )
    if file.confidentiality < least:
        raise FileError(
            _("It hangs on a record that is %(level)s, and cannot be less confidential than that.")
            % {"level": str(Level(least).label).lower()},
            "confidentiality",
        )
    _level(actor, file.project_id, file.confidentiality, Level.OPEN)


def _snapshot(file: File) -> dict[str, Any]:
    return {name: getattr(file, name) for name in FIELDS}


def _locked(actor: Actor, file: File) -> File:
    """The file as it is now, if the actor may see it; raises File.DoesNotExist otherwise."""
    return File.objects.visible_to(actor).select_for_update(no_key=True, of=("self",)).get(pk=file.pk)


def _bring_along(file: File) -> None:
    """Search, timelines and past history follow a file that moved or became more confidential."""
    index_files([file.pk])
    _place(file, file.links.values_list("party_id", flat=True))
    reclassify(file, project_ids=[file.project_id], confidentiality=file.confidentiality)


def _place(file: File, party_ids: Iterable[int]) -> None:
    place(
        file,
        party_ids=party_ids,
        family="file",
        occurred_at=file.created_at,
        project_ids=[file.project_id],
        confidentiality=file.confidentiality,
    )


def _parties(actor: Actor, party_ids: Iterable[int]) -> list[int]:
    """Those of the parties that the actor may see: nothing is linked to others."""
    found = Party.objects.visible_to(actor).present().filter(pk__in=list(party_ids))
    return list(found.values_list("pk", flat=True))


@transaction.atomic
def link_file(actor: Actor, file: File, *, party_ids: Iterable[int]) -> File:
    """Let a file belong to exactly these parties (among those the actor may see); it stands on their timelines."""
    file = _locked(actor, file)
    actor.require(EDIT, file)
    before = set(file.links.values_list("party_id", flat=True))
    hidden = before - set(_parties(actor, before))
    after = set(_parties(actor, party_ids)) | hidden
    if after != before:
        file.links.filter(party__in=before - after).delete()
        FileLink.objects.bulk_create(
            [FileLink(file=file, party_id=party_id) for party_id in sorted(after - before)]
        )
        _place(file, after)
        record(
            actor, signals.file_changed, subject=file, changes={"parties": (sorted(before), sorted(after))}
        )
    return file


@transaction.atomic
def delete_file(actor: Actor, file: File, *, operation: Operation | None = None) -> File:
    """Take a file off every page, search and timeline; ``restore_file`` brings it back."""
    file = _locked(actor, file)
    actor.require(DELETE, file)
    if file.deleted_at is None:
        file.deleted_at = clock.now()
        file.save(update_fields=["deleted_at"])
        forget(Kind.FILE, [file.pk])
        displace(file)
        record(actor, signals.file_deleted, subject=file, operation=operation)
    return file


@transaction.atomic
def restore_file(actor: Actor, file: File, *, operation: Operation | None = None) -> File:
    """Undo of ``delete_file``."""
    file = _locked(actor, file)
    actor.require(DELETE, file)
    if file.deleted_at is not None:
        file.deleted_at = None
        file.save(update_fields=["deleted_at"])
        index_files([file.pk])
        _place(file, file.links.values_list("party_id", flat=True))
        record(actor, signals.file_restored, subject=file, operation=operation)
    return file


@transaction.atomic
def set_attachments_aside(actor: Actor, file_ids: Iterable[int], *, aside: bool) -> None:
    """Attachments go and come back with the message they came with, under the right for that message."""
    files = File.objects.unscoped("an attachment follows the record it hangs on").filter(
        pk__in=list(file_ids), attachment=True, deleted_at__isnull=aside
    )
    event = signals.file_deleted if aside else signals.file_restored
    for file in files.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        file.deleted_at = clock.now() if aside else None
        file.save(update_fields=["deleted_at"])
        if aside:
            forget(Kind.FILE, [file.pk])
            displace(file)
        else:
            _bring_along(file)
        record(actor, event, subject=file)


@transaction.atomic
def raise_level(actor: Actor, file_ids: Iterable[int], *, level: int) -> None:
    """Make files at least that confidential, because what they hang on became so."""
    lower = File.objects.unscoped("a file follows the record it hangs on").filter(
        pk__in=list(file_ids), confidentiality__lt=level
    )
    for file in lower.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        before, file.confidentiality = file.confidentiality, level
        file.save(update_fields=["confidentiality"])
        if file.deleted_at is None:
            _bring_along(file)
        else:
            reclassify(file, project_ids=[file.project_id], confidentiality=level)
        record(actor, signals.file_changed, subject=file, changes={"confidentiality": (before, level)})
