"""What privacy itself keeps about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core.personal import Fate, Hindrance, Keeper, Subject, Table
from enishi.privacy.models import Erasure, Export, Hold


class PrivacyKeeper(Keeper):
    code = "privacy"
    order = 95
    tables: ClassVar[tuple[Table, ...]] = (
        Table(Hold, ("party",), Fate.STAYS, _("Reasons to keep them"), clears=("reason",), shown=False),
        Table(Erasure, ("party",), Fate.STAYS, _("That they were erased"), shown=False),
        Table(Export, ("party",), Fate.GOES, _("Files prepared for them"), blobs=("sha256",)),
    )

    def prevents(self, actor: Actor, subject: Subject) -> Iterable[Hindrance]:
        held = Hold.objects.unscoped("a hold counts for everybody")
        for hold in held.filter(party__in=subject.party_ids, ended_at__isnull=True).order_by("pk"):
            words = gettext("They must not be erased: %(reason)s. End that first.") % {"reason": hold.reason}
            yield Hindrance(words, reverse("privacy:erase", args=[subject.party_id]))

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        mine = Export.objects.unscoped("erased").filter(party__in=subject.party_ids).exclude(sha256="")
        return list(mine.values_list("sha256", flat=True))
