"""People with whom nobody had to do for a long time, as something that grows old."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.contacts.services import delete_party, restore_party
from enishi.privacy.models import Erasure
from enishi.privacy.queries import held_parties
from enishi.privacy.retention import Aging, Gone, Line, Wanted
from enishi.privacy.services.erasing import ErasureRefused, erase_now
from enishi.timeline.models import Operation


class OldPeople(Aging):
    """Persons; organisations and groups stay."""

    code, label, icon, order = "people", _("People without contact"), "users", 20
    since = _("after the last contact, or after they were entered")
    rights = ("contacts.view", "contacts.delete", "privacy.erase")
    deeds: ClassVar[dict[str, Any]] = {
        "bin": _("To the recycle bin, and erased for good after 30 days"),
        "now": _("Erased for good at once"),
    }
    model = Party
    batch = 20

    def present(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        found = Party.objects.visible_to(actor).present().filter(self.within(wanted), kind=Party.Kind.PERSON)
        return found.annotate(aged_at=Coalesce("last_contact_at", "created_at"))

    def held(self) -> Q:
        return Q(pk__in=held_parties())

    def lines(self, found: QuerySet[Any]) -> list[Line]:
        return [
            Line(
                one.pk,
                one.full_name,
                reverse("contacts:party", args=[one.pk]),
                getattr(one, "aged_at", one.last_contact_at),
                one.confidentiality,
            )
            for one in found
        ]

    def put_away(self, actor: Actor, pk: int, *, operation: Operation) -> dt.datetime | None:
        return delete_party(actor, _party(pk), operation=operation).deleted_at

    def bring_back(self, actor: Actor, pk: int, *, operation: Operation) -> None:
        restore_party(actor, _party(pk), operation=operation)

    def put_away_at(self, ids: Collection[int]) -> dict[int, dt.datetime | None]:
        found = Party.objects.unscoped("since when they lie in the recycle bin").filter(
            pk__in=list(ids), erased_at__isnull=True, merged_into__isnull=True
        )
        return dict(found.values_list("pk", "deleted_at"))

    def end(self, actor: Actor, ids: Sequence[int]) -> Gone:
        gone = Gone()
        for pk in ids:
            try:
                erase_now(actor, _party(pk), ground=Erasure.Ground.NEEDLESS, reason=gettext("retention rule"))
            except ErasureRefused:
                continue
            gone.ids.add(pk)
        return gone


def _party(pk: int) -> Party:
    return Party.objects.unscoped("chosen by a rule within the rights of its worker").get(pk=pk)
