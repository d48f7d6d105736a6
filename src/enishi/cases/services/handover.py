"""Cases as things that are handed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.cases import signals
from enishi.cases.models import Case
from enishi.cases.services.rules import EDIT, SUBJECT, address
from enishi.core import clock
from enishi.timeline.handover import Held, Holding, Moved, by_holder, locked_holders


def _open(found: ScopedQuerySet[Case]) -> ScopedQuerySet[Case]:
    return found.filter(closed_at__isnull=True)


class Cases(Holding):
    """Open cases with their owner."""

    code, label, icon, order, right = "cases", _("Open cases"), "clipboard-text", 15, EDIT
    event = signals.case_changed
    subject_types = (SUBJECT,)

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        return self._listed(_open(Case.objects.visible_to(actor)).filter(owner_id=user_id))

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        return self._listed(_open(Case.objects.visible_to(actor)).filter(pk__in=list(ids)))

    def _listed(self, found: ScopedQuerySet[Case]) -> list[Held]:
        rows = found.select_related("party").order_by(F("due_at").asc(nulls_last=True), "pk")
        return [
            Held(
                pk=row.pk,
                title=str(row),
                project_ids=row.projects,
                confidentiality=row.confidentiality,
                url=address(row),
                due_at=row.due_at,
                party_id=row.party_id,
                party=row.party.full_name if row.party else "",
                note=str(row.now_in.label),
            )
            for row in rows
        ]

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        rows = _open(Case.objects.unscoped("handed over within the actor's rights"))
        return locked_holders(rows, ids, "owner_id")

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        rows = Case.objects.unscoped("handed over within the actor's rights")
        for owner_id, ids in by_holder(holders).items():
            rows.filter(pk__in=ids).update(
                owner_id=owner_id, version=F("version") + 1, updated_at=clock.now()
            )
        return [Moved(row, row.party_id) for row in rows.filter(pk__in=list(holders)).order_by("pk")]
