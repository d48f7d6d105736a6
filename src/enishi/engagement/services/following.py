"""What ratings, plans and files given do when the person they are about becomes more confidential."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from enishi.accounts.access import Actor
from enishi.engagement import signals
from enishi.engagement.models import Handout, PlanLine, Rating
from enishi.timeline.services import reclassify, record

_WHY = "follow whom they are about, whoever may see them"


@transaction.atomic
def raise_confidentiality(actor: Actor, level: int, *, party_id: int) -> None:
    """Bring the ratings, plans and files given of a person up to at least that level. Safe to repeat."""
    behind = Rating.objects.unscoped(_WHY).filter(party=party_id, confidentiality__lt=level)
    for rating in behind.select_related("party").order_by("pk").select_for_update(no_key=True, of=("self",)):
        before, rating.confidentiality = rating.confidentiality, level
        rating.save(update_fields=["confidentiality"])
        changes = {"confidentiality": (before, level)}
        record(actor, signals.rating_raised, subject=rating, party_id=party_id, changes=changes)
        reclassify(rating, project_ids=rating.projects, confidentiality=level)
    _raise_others(actor, level, party_id)


def _raise_others(actor: Actor, level: int, party_id: int) -> None:
    for model, event in ((PlanLine, signals.plan_changed), (Handout, signals.handout_raised)):
        behind = model.objects.unscoped(_WHY).filter(party=party_id, confidentiality__lt=level)
        for row in behind.order_by("pk").select_for_update(no_key=True, of=("self",)):
            before, row.confidentiality = row.confidentiality, level
            row.save(update_fields=["confidentiality"])
            changes = {"confidentiality": (before, level)}
            record(actor, event, subject=row, party_id=party_id, changes=changes)
            reclassify(row, project_ids=row.projects, confidentiality=level)


def catch_up(actor: Actor) -> None:
    """Bring everything up to the level of its person, after many people changed at once. Safe to repeat."""
    found: dict[int, int] = {}
    for model in (Rating, PlanLine, Handout):
        behind = model.objects.unscoped(_WHY).filter(confidentiality__lt=F("party__confidentiality"))
        found |= dict(behind.order_by().values_list("party_id", "party__confidentiality").distinct())
    for party_id, level in sorted(found.items()):
        raise_confidentiality(actor, level, party_id=party_id)
