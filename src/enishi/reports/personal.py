"""What frozen reports keep about people: their values are sealed out, the reports still prove."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core.personal import Keeper, Share, Subject
from enishi.reports.models import Part, Redaction, Report, Source
from enishi.reports.services import redact


class ReportsKeeper(Keeper):
    code = "reports"
    order = 70
    apart: ClassVar[tuple[type[models.Model], ...]] = (Report, Part, Redaction, Source)

    def goes(self, subject: Subject) -> Iterable[Share]:
        naming = Part.objects.filter(people__overlap=list(subject.party_ids))
        return [Share(_("Frozen reports that name them"), naming.values("report").distinct().count())]

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        words = [*subject.names, *subject.parts, *subject.addresses]
        for party_id in subject.party_ids:
            redact(actor, party_id=party_id, words=words)
        return ()
