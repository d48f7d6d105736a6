"""What conversations do when somebody who took part becomes more confidential."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef

from enishi.accounts.access import Actor
from enishi.conversations import signals
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.services.upkeep import party_ids_of, raise_what_hangs_on, settle_contacts, show
from enishi.core import clock
from enishi.timeline.services import record


@transaction.atomic
def raise_talks_of(actor: Actor, party_id: int, *, level: int) -> None:
    """Bring the talks of a contact up to their level, unless somebody less confidential took part too. Safe to repeat."""
    mine = Participant.objects.filter(interaction=OuterRef("pk"), party=party_id)
    others = Participant.objects.filter(interaction=OuterRef("pk"), party__confidentiality__lt=level).exclude(
        party=party_id
    )
    talks = (
        Interaction.objects.unscoped("a talk follows the people it was with")
        .filter(Exists(mine), ~Exists(others), confidentiality__lt=level)
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    for talk in talks:
        before, talk.confidentiality = talk.confidentiality, level
        talk.version, talk.updated_at = talk.version + 1, clock.now()
        talk.save(update_fields=["confidentiality", "version", "updated_at"])
        if talk.deleted_at is None:
            show(talk)
        raise_what_hangs_on(actor, talk)
        settle_contacts(party_ids_of(talk))
        record(
            actor,
            signals.interaction_changed,
            subject=talk,
            changes={"confidentiality": (before, level)},
            data={"version": talk.version},
        )
