"""Reading single parties and what hangs on them."""

from __future__ import annotations

from django.db.models import QuerySet, Subquery

from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party
from enishi.contacts.models.party import PartyQuerySet


@prepared
def _party(actor: Actor, party_id: int) -> QuerySet[Party]:
    return Party.objects.visible_to(actor).select_related("owner", "merged_into").filter(pk=party_id)


def party(actor: Actor, party_id: int) -> Party:
    """One party within the actor's rights, also from the recycle bin; raises Party.DoesNotExist otherwise."""
    found = _party.first(actor, party_id)
    if found is None:
        raise Party.DoesNotExist
    return found


def party_or_none(actor: Actor, party_id: int) -> Party | None:
    return Party.objects.visible_to(actor).filter(pk=party_id).first()


def reaches(actor: Actor, party: Party | None) -> bool:
    """Whether somebody reaches a contact that is named on a record which they read: the name stands there either way."""
    if party is None or party.pk in actor.kept_from.get("contacts.party", ()):
        return False
    scope = actor.scope(Party.view_right).of(party.owners())
    return any(scope.reaches(pk, party.confidentiality) for pk in (None, *party.project_ids))


def recycle_bin(actor: Actor, *, after: int | None = None) -> PartyQuerySet:
    """Deleted parties, newest first; merged ones come back by undoing the merge, erased ones never.

    ``after`` ended the page before.
    """
    found = Party.objects.visible_to(actor).filter(
        deleted_at__isnull=False, merged_into__isnull=True, erased_at__isnull=True
    )
    if after is not None:
        place = found.filter(pk=after).values("deleted_at")
        found = found.filter(deleted_at__lte=Subquery(place)).exclude(
            deleted_at=Subquery(place), pk__gte=after
        )
    return found.order_by("-deleted_at", "-id")
