"""A new contact as it is entered on one form: the person and where they work, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from enishi.accounts.access import Actor
from enishi.contacts.models import Party, Relation, RelationType
from enishi.contacts.services.parties import EDIT, ContactError, PartyDraft, create_party
from enishi.contacts.services.ties import relate


@transaction.atomic
def enter_contact(
    actor: Actor,
    draft: PartyDraft,
    *,
    project_ids: Sequence[int],
    country: str,
    belongs_to: Party | str | None = None,
    tie: str = "works-for",
    title: str = "",
) -> Party:
    """Create a contact and say where it belongs: to a party, or to a new organisation of that name.

    A new organisation gets the same projects and confidentiality. Raises ContactError.
    """
    party = create_party(actor, draft, project_ids=project_ids, country=country)
    if belongs_to:
        kind = RelationType.objects.get(code=tie)
        try:
            relate_from(actor, party, belongs_to, kind=kind, title=title)
        except ContactError as error:
            raise ContactError(str(error), "organisation") from None
    return party


@transaction.atomic
def relate_from(
    actor: Actor,
    party: Party,
    other: Party | str,
    *,
    kind: RelationType,
    outgoing: bool = True,
    relation: Relation | None = None,
    **told: Any,
) -> Relation:
    """Say or correct a relation as it reads from ``party``; a name instead of a party creates that party.

    What is created gets the projects of ``party`` in which the actor may edit, and its confidentiality.
    """
    if isinstance(other, str):
        draft = PartyDraft(
            kind=_kind_of_other(kind, outgoing=outgoing),
            full_name=other,
            confidentiality=party.confidentiality,
        )
        project_ids = [pk for pk in party.project_ids if actor.may_some(EDIT, pk)]
        other = create_party(actor, draft, project_ids=project_ids)
    source, target = (party, other) if outgoing else (other, party)
    return relate(actor, source, target, kind=kind, relation=relation, **told)


def _kind_of_other(kind: RelationType, *, outgoing: bool) -> str:
    """What somebody who is only known by a relation most likely is."""
    if kind.code == "household-of":
        return Party.Kind.GROUP if outgoing else Party.Kind.PERSON
    if kind.code == "division-of" or (outgoing and kind.affiliates):
        return Party.Kind.ORGANISATION
    return Party.Kind.PERSON
