"""To whom a promise can be made: people and organisations by what was typed."""

from __future__ import annotations

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.search.models import Kind
from enishi.search.queries import Hit, find

KINDS = (Kind.PERSON, Kind.ORGANISATION, Kind.GROUP)


def party(actor: Actor, party_id: int) -> Party:
    """One person or organisation; raises Party.DoesNotExist."""
    return Party.objects.visible_to(actor).present().get(pk=party_id)


def people_like(actor: Actor, typed: str, *, limit: int = 8) -> list[Hit]:
    """The best matches for a name, address or number."""
    return find(actor, typed, kinds=KINDS, limit=limit)
