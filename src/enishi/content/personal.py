"""What files keep about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.content.models import File, FileLink, FileVersion
from enishi.core import clock
from enishi.core.personal import (
    Chapter,
    Emptied,
    Fate,
    Given,
    Keeper,
    Share,
    Subject,
    Table,
    labels_of,
    plain_row,
)
from enishi.search.models import Kind
from enishi.search.services import forget
from enishi.timeline.placing import displace_all

FILE_WORDS = ("name", "description", "folder")
_FILE = ("name", "description", "folder", "created_at")


class ContentKeeper(Keeper):
    """A file that belongs to them and to nobody else goes with its bytes; one that others share stays theirs."""

    code = "content"
    order = 40
    tables: ClassVar[tuple[Table, ...]] = (
        Table(FileLink, ("party",), Fate.GOES, _("Links to files"), shown=False),
        Table(File, ("links__party",), Fate.STAYS, _("Files that others share"), shown=False),
        Table(FileVersion, (), Fate.STAYS, _("Versions of files"), blobs=("sha256",), shown=False),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        linked = File.objects.unscoped("a count of what is left out").filter(
            links__party__in=subject.party_ids, deleted_at__isnull=True
        )
        every = linked.values("pk").distinct().count()
        files = (
            File.objects.visible_to(actor)
            .filter(links__party__in=subject.party_ids, deleted_at__isnull=True)
            .distinct()
            .order_by("created_at", "pk")
        )
        newest = {
            version.file_id: version
            for version in FileVersion.objects.defer("text")
            .filter(file__in=files)
            .order_by("file_id", "-number")
            .distinct("file_id")
        }
        rows = [plain_row(file, _FILE) for file in files]
        given = [Given(file.name, newest[file.pk].sha256) for file in files if file.pk in newest]
        labels = {**labels_of(File, _FILE[:-1]), "created_at": _("added")}
        yield Chapter("files", _("Files"), rows, labels, every - len(rows), given)

    def goes(self, subject: Subject) -> Iterable[Share]:
        return [Share(_("Files that belong to nobody else"), only_theirs(subject.party_ids).count())]

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        self._gone = list(only_theirs(subject.party_ids).values_list("pk", flat=True))
        return remove_files(self._gone)

    def emptied(self) -> Iterable[Emptied]:
        yield Emptied(File, frozenset(self._gone), frozenset(FILE_WORDS), label=True)


def only_theirs(party_ids: Iterable[int]) -> ScopedQuerySet[File]:
    """Files linked to these parties and to no other."""
    ids = list(party_ids)
    links = FileLink.objects.filter(file=OuterRef("pk"))
    found = File.objects.unscoped("files of somebody who is erased")
    return found.filter(Exists(links.filter(party__in=ids)), ~Exists(links.exclude(party__in=ids)))


def remove_files(file_ids: Iterable[int]) -> list[str]:
    """Take files away with all versions; returns the SHA-256 of their bytes. Proofs keep their place without the file."""
    ids = list(file_ids)
    hashes = list(FileVersion.objects.filter(file__in=ids).values_list("sha256", flat=True).distinct())
    forget(Kind.FILE, ids)
    displace_all("content.file", ids)
    # The versions stay as numbers: others may point at them.
    FileVersion.objects.filter(file__in=ids).update(
        sha256="", text="", size=0, reading=FileVersion.Reading.NONE
    )
    FileLink.objects.filter(file__in=ids).delete()
    File.objects.unscoped("files of somebody who is erased").filter(pk__in=ids).update(
        name=gettext("Erased file"), description="", folder="", deleted_at=clock.now()
    )
    return hashes
