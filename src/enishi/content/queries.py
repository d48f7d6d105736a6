"""Reading files: lists, one file with its versions, files of a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from django.db.models import Prefetch, Q, QuerySet

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party
from enishi.content.models import File, FileLink, FileVersion
from enishi.search import queries as search
from enishi.search.models import Kind


@dataclass(frozen=True)
class Filters:
    """What a list of files is limited to. Attachments of messages are left out unless asked for."""

    project_id: int | None = None
    folder: str = ""
    text: str = ""
    attachments: bool = False


@dataclass(frozen=True)
class Position:
    """Where a page ends: the keyset."""

    created_at: dt.datetime
    file_id: int


@dataclass(frozen=True)
class Page:
    items: Sequence[File]
    before: Position | None
    after: Position | None


def present(actor: Actor) -> ScopedQuerySet[File]:
    return File.objects.visible_to(actor).filter(deleted_at__isnull=True)


def with_newest(files: ScopedQuerySet[File]) -> ScopedQuerySet[File]:
    """With the newest version of each (``newest[0]``), in one more query."""
    # Texts can be long and no list shows them.
    newest = (
        FileVersion.objects.defer("text")
        .order_by("file_id", "-number")
        .distinct("file_id")
        .select_related("user")
    )
    found = files.select_related("project").prefetch_related(
        Prefetch("versions", queryset=newest, to_attr="newest")
    )
    return cast(ScopedQuerySet[File], found)


def _matching(actor: Actor, filters: Filters) -> ScopedQuerySet[File]:
    found = present(actor)
    if not filters.attachments:
        found = found.filter(attachment=False)
    if filters.project_id is not None:
        found = found.filter(project=filters.project_id)
    if filters.folder:
        found = found.filter(Q(folder=filters.folder) | Q(folder__startswith=f"{filters.folder}/"))
    if filters.text:
        documents = search.matching(search.readable(actor, [Kind.FILE]), filters.text)
        found = found.none() if documents is None else found.filter(pk__in=documents.values("subject_id"))
    return found


def files(
    actor: Actor,
    filters: Filters = Filters(),
    *,
    after: Position | None = None,
    before: Position | None = None,
    limit: int = 50,
) -> Page:
    """One page, newest first, by keyset: what follows ``after``, or what precedes ``before``."""
    found = _matching(actor, filters)
    if before is not None:
        newer = found.filter(created_at__gte=before.created_at).exclude(
            created_at=before.created_at, id__lte=before.file_id
        )
        rows = list(with_newest(newer.order_by("created_at", "id"))[: limit + 1])
        more, rows = len(rows) > limit, rows[:limit][::-1]
        return Page(rows, _end(rows[0]) if rows and more else None, _end(rows[-1]) if rows else None)
    if after is not None:
        found = found.filter(created_at__lte=after.created_at).exclude(
            created_at=after.created_at, id__gte=after.file_id
        )
    rows = list(with_newest(found.order_by("-created_at", "-id"))[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    return Page(rows, _end(rows[0]) if after is not None and rows else None, _end(rows[-1]) if more else None)


def _end(file: File) -> Position:
    return Position(file.created_at, file.pk)


def folders(actor: Actor, project_id: int | None = None) -> list[str]:
    """The folders in use, by name."""
    found = present(actor).exclude(folder="")
    if project_id is not None:
        found = found.filter(project=project_id)
    return sorted(found.values_list("folder", flat=True).distinct().order_by())


def file(actor: Actor, file_id: int, *, deleted: bool = False) -> File:
    """One file with all versions and the parties it belongs to; raises DoesNotExist for what the actor may not see."""
    links = FileLink.objects.filter(party__in=Party.objects.visible_to(actor).present()).select_related(
        "party"
    )
    return (
        File.objects.visible_to(actor)
        .filter(deleted_at__isnull=not deleted)
        .select_related("project")
        .prefetch_related(
            Prefetch(
                "versions",
                queryset=FileVersion.objects.select_related("user").order_by("-number"),
                to_attr="states",
            ),
            Prefetch("links", queryset=links.order_by("party__sort_key"), to_attr="belongs_to"),
        )
        .get(pk=file_id)
    )


@prepared
def _ids_of_party(actor: Actor, party_id: int, *, limit: int) -> QuerySet[File, int]:
    found = present(actor).filter(links__party=party_id).order_by("-created_at", "-id")
    return found.values_list("pk", flat=True)[:limit]


def files_of_party(actor: Actor, party_id: int, *, limit: int = 6) -> list[File]:
    """What belongs to a party, newest first."""
    ids = _ids_of_party(actor, party_id, limit=limit)
    found = by_ids(actor, ids) if ids else {}
    return [found[pk] for pk in ids]


def by_ids(actor: Actor, ids: Iterable[int]) -> dict[int, File]:
    return {one.pk: one for one in with_newest(present(actor).filter(pk__in=list(ids)))}
