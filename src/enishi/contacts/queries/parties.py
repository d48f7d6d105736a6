"""Reading single parties and what hangs on them."""

from __future__ import annotations

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.contacts.models.party import PartyQuerySet


def party(actor: Actor, party_id: int) -> Party:
    """One party within the actor's rights, also from the recycle bin; raises Party.DoesNotExist otherwise."""
    return Party.objects.visible_to(actor).select_related("owner", "merged_into").get(pk=party_id)


def party_or_none(actor: Actor, party_id: int) -> Party | None:
    return Party.objects.visible_to(actor).filter(pk=party_id).first()


def recycle_bin(actor: Actor) -> PartyQuerySet:
    """Deleted parties, newest first; merged ones come back by undoing the merge."""
    return (
        Party.objects.visible_to(actor)
        .filter(deleted_at__isnull=False, merged_into__isnull=True)
        .order_by("-deleted_at", "-id")
    )
