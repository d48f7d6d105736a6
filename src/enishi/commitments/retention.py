"""What promises and tasks still need of other things, whatever their age."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from enishi.commitments.models import Promise, Proof, Series, Source, Task

_PARTY = Cast(KeyTextTransform("party_id", "template"), BigIntegerField())
_WHY = "what is still needed, whoever may see it"


def needed_by_promises(label: str) -> list[QuerySet[Any, Any]]:
    """People of whom something is open, the conversations in which that was said, files that prove or oblige."""
    promises = Promise.objects.unscoped(_WHY).filter(state=Promise.State.OPEN)
    tasks = Task.objects.unscoped(_WHY).filter(done_at__isnull=True)
    if label == "contacts.party":
        running = Series.objects.unscoped(_WHY).filter(
            ended_at__isnull=True, template__party_id__isnull=False
        )
        return [
            promises.filter(party__isnull=False).values("party"),
            tasks.filter(party__isnull=False).values("party"),
            running.annotate(whose=_PARTY).values("whose"),
        ]
    if label == "conversations.interaction":
        return [found.filter(said_in_id__isnull=False).values("said_in_id") for found in (promises, tasks)]
    if label == "content.file":
        sources = Source.objects.unscoped(_WHY).filter(file__isnull=False)
        return [Proof.objects.filter(file__isnull=False).values("file"), sources.values("file")]
    return []
