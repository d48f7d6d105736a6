"""Several changes of one contact in one transaction: what a form or a program sends at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Field, Party
from enishi.contacts.services.parties import (
    Conflict,
    ContactError,
    PartyDraft,
    change_party,
    create_party,
)
from enishi.contacts.services.setup import set_values, tag_by_path
from enishi.contacts.services.ties import set_tags


@transaction.atomic
def create_party_whole(
    actor: Actor,
    draft: PartyDraft,
    *,
    project_ids: Sequence[int],
    country: str = "GB",
    tags: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
) -> Party:
    """Create a contact with tags (by path) and values of own fields (by code); all of it or nothing."""
    party = create_party(actor, draft, project_ids=project_ids, country=country)
    return _fill(actor, party, tags=tags or None, values=values)


@transaction.atomic
def change_party_whole(
    actor: Actor,
    party: Party,
    *,
    version: int | None = None,
    tags: Sequence[str] | None = None,
    values: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Party:
    """Change fields, tags and own fields of a contact; what is None stays. Raises Conflict, ContactError."""
    if version is not None and version != party.version:
        raise Conflict(party.version)
    if fields:
        party = change_party(actor, party, version=version, **fields)
    return _fill(actor, party, tags=tags, values=values)


def _fill(
    actor: Actor, party: Party, *, tags: Sequence[str] | None, values: Mapping[str, Any] | None
) -> Party:
    if tags is not None:
        set_tags(actor, party, [tag_by_path(actor, path) for path in tags])
    if values:
        fields = {
            field.code: field
            for field in Field.objects.filter(code__in=list(values), archived_at__isnull=True)
        }
        unknown = sorted(set(values) - set(fields))
        if unknown:
            raise ContactError(
                _("There is no field “%(code)s”.") % {"code": unknown[0]}, f"fields.{unknown[0]}"
            )
        set_values(actor, party, {fields[code]: value for code, value in values.items()})
    return party
