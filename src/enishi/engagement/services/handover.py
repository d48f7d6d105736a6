"""What of the plan is handed over when somebody leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.core.events import Event
from enishi.engagement import signals
from enishi.engagement.models import PlanLine
from enishi.engagement.services.rules import PLAN
from enishi.timeline.handover import Held, Holding, Moved, by_holder, locked_holders


class PlanLines(Holding):
    """Lines of the plan that somebody answers for; their open times go with them."""

    code, label, icon, order, right = "plan_lines", _("Planned engagement"), "calendar-user", 60, PLAN
    event: ClassVar[Event] = signals.plan_changed
    subject_types = ("engagement.planline",)

    def held(self, actor: Actor, user_id: int) -> list[Held]:
        return self._listed(PlanLine.objects.visible_to(actor).filter(owner=user_id))

    def named(self, actor: Actor, ids: Collection[int]) -> list[Held]:
        return self._listed(PlanLine.objects.visible_to(actor).filter(pk__in=list(ids)))

    def _listed(self, found: ScopedQuerySet[PlanLine]) -> list[Held]:
        running = found.filter(ended_at__isnull=True, steps__state="open").distinct()
        return [
            Held(
                pk=line.pk,
                title=line.aim,
                project_ids=line.projects,
                confidentiality=line.confidentiality,
                url=reverse("engagement:plan", args=[line.project_id]),
                party_id=line.party_id,
                party=line.party.full_name if line.party else "",
            )
            for line in running.select_related("party").order_by("pk")
        ]

    def holders(self, ids: Collection[int]) -> dict[int, int | None]:
        rows = PlanLine.objects.unscoped("handed over within the actor's rights").filter(
            ended_at__isnull=True
        )
        return locked_holders(rows, ids, "owner_id")

    def assign(self, holders: Mapping[int, int | None]) -> list[Moved]:
        rows = PlanLine.objects.unscoped("handed over within the actor's rights")
        for owner_id, ids in by_holder(holders).items():
            rows.filter(pk__in=ids).update(owner_id=owner_id)
        return [Moved(row, row.party_id) for row in rows.filter(pk__in=list(holders)).order_by("pk")]
