"""Files as something that grows old."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.content.models import File, FileLink
from enishi.content.personal import FILE_WORDS, remove_files
from enishi.content.services import delete_file, restore_file
from enishi.core.personal import Emptied
from enishi.privacy.queries import held_parties
from enishi.privacy.retention import Aging, Gone, Line, Wanted
from enishi.timeline.models import Operation


class OldFiles(Aging):
    """Files that somebody added; what came with a message goes with the message."""

    code, label, icon, order = "files", _("Files"), "file", 40
    since = _("after they were added")
    rights = ("content.view", "content.delete")
    deeds: ClassVar[dict[str, Any]] = {
        "bin": _("To the recycle bin, and deleted with their bytes after 30 days")
    }
    model = File

    def present(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        found = File.objects.visible_to(actor).filter(
            self.within(wanted), deleted_at__isnull=True, attachment=False
        )
        return found.annotate(aged_at=F("created_at"))

    def held(self) -> Q:
        return Q(pk__in=FileLink.objects.filter(party__in=held_parties()).values("file"))

    def lines(self, found: QuerySet[Any]) -> list[Line]:
        return [
            Line(
                one.pk, one.name, reverse("content:file", args=[one.pk]), one.created_at, one.confidentiality
            )
            for one in found
        ]

    def put_away(self, actor: Actor, pk: int, *, operation: Operation) -> dt.datetime | None:
        return delete_file(actor, _file(pk), operation=operation).deleted_at

    def bring_back(self, actor: Actor, pk: int, *, operation: Operation) -> None:
        restore_file(actor, _file(pk), operation=operation)

    def put_away_at(self, ids: Collection[int]) -> dict[int, dt.datetime | None]:
        found = File.objects.unscoped("since when they lie in the recycle bin").filter(pk__in=list(ids))
        return dict(found.values_list("pk", "deleted_at"))

    def end(self, actor: Actor, ids: Sequence[int]) -> Gone:
        return Gone(
            set(ids), [Emptied(File, frozenset(ids), frozenset(FILE_WORDS), label=True)], remove_files(ids)
        )


def _file(pk: int) -> File:
    return File.objects.unscoped("chosen by a rule within the rights of its worker").get(pk=pk)
