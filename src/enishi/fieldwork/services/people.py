"""Who is meant by an entry, whatever happened to the contact meanwhile."""

from __future__ import annotations

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.fieldwork.services.sent import Who


def person_of(actor: Actor, who: Who) -> Party:
    """The contact as the actor sees it now; one that was merged meanwhile is the one it went into."""
    visible = Party.objects.visible_to(actor)
    found = visible.get(pk=who.party or 0)
    while found.merged_into_id is not None:
        found = visible.get(pk=found.merged_into_id)
    if found.deleted_at is not None:
        raise Party.DoesNotExist
    return found
