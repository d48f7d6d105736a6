"""Keeping somebody from being erased, with the reason, and letting it be again."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.core import clock, text
from enishi.privacy import signals
from enishi.privacy.models import Hold
from enishi.privacy.services.erasing import RIGHT, ErasureRefused
from enishi.timeline.services import record


@transaction.atomic
def set_hold(actor: Actor, party: Party, *, reason: str) -> Hold:
    """Keep a person from being erased. Raises ErasureRefused without a reason."""
    actor.require(RIGHT, party.project_ids)
    reason = text.clean(reason).strip()[:300]
    if not reason:
        raise ErasureRefused(_("Say why they must be kept, for example: lawsuit about the pump."))
    hold = Hold.objects.create(
        party=party,
        reason=reason,
        user_id=actor.user_id,
        project_ids=party.project_ids,
        confidentiality=party.confidentiality,
    )
    record(actor, signals.hold_set, subject=party, party_id=party.pk, data={"reason": reason})
    return hold


@transaction.atomic
def end_hold(actor: Actor, party: Party, hold_id: int) -> None:
    """Let them be erased again. Raises Hold.DoesNotExist."""
    actor.require(RIGHT, party.project_ids)
    hold = Hold.objects.visible_to(actor).get(pk=hold_id, party=party, ended_at__isnull=True)
    hold.ended_at = clock.now()
    hold.save(update_fields=["ended_at"])
    record(actor, signals.hold_ended, subject=party, party_id=party.pk, data={"reason": hold.reason})
