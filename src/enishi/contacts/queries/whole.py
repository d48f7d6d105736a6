"""One party with everything that hangs on it, as data; single rows within a reader's rights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.contacts.models import (
    Consent,
    ConsentPurpose,
    ContactPoint,
    Field,
    FieldValue,
    Party,
    Relation,
    RelationType,
)
from enishi.contacts.queries import protected
from enishi.contacts.queries.parties import party
from enishi.core.money import Money


@dataclass(frozen=True)
class Whole:
    party: Party
    points: list[ContactPoint] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    values: list[FieldValue] = field(default_factory=list)
    external_ids: dict[str, str] = field(default_factory=dict)
    consents: list[Consent] = field(default_factory=list)
    hidden: frozenset[str] = frozenset()


def whole(actor: Actor, party_id: int) -> Whole:
    """A party with its points, tags, values of own fields, outside ids and latest consents, in six queries.

    Fields that the reader does not see are left out.
    """
    found = party(actor, party_id)
    hidden = protected.hidden(actor, found)
    values = found.field_values.select_related("field", "person").order_by("field__position", "id")
    return Whole(
        party=found,
        points=protected.shown_points(found.points.order_by("kind", "-is_primary", "id"), hidden),
        tags=list(found.tag_links.order_by("tag__path").values_list("tag__path", flat=True)),
        values=[value for value in values if f"{protected.OWN}{value.field.code}" not in hidden],
        external_ids=dict(found.external_ids.order_by("system").values_list("system", "value")),
        consents=latest_consents(found.pk),
        hidden=hidden,
    )


@prepared
def latest_consents(party_id: int) -> QuerySet[Consent]:
    """What counts now: the latest statement for each purpose."""
    return (
        Consent.objects.filter(party=party_id)
        .select_related("purpose", "text")
        .order_by("purpose_id", "-stated_on", "-id")
        .distinct("purpose_id")
    )


def latest_consents_of(party_ids: Collection[int]) -> dict[int, list[Consent]]:
    """The same for several parties, by the name of the purpose, in one query."""
    rows = (
        Consent.objects.filter(party__in=list(party_ids))
        .select_related("purpose")
        .order_by("party_id", "purpose_id", "-stated_on", "-id")
        .distinct("party_id", "purpose_id")
    )
    found: dict[int, list[Consent]] = {}
    for consent in sorted(rows, key=lambda consent: consent.purpose.name):
        found.setdefault(consent.party_id, []).append(consent)
    return found


def plain_value(value: FieldValue) -> Any:
    """A value of an own field as it stands in the history, in exports and the API."""
    kind = value.field.kind
    if kind in {Field.Kind.TEXT, Field.Kind.CHOICE, Field.Kind.CHOICES}:
        return value.text
    if kind == Field.Kind.MONEY:
        return str(Money(value.number, value.currency)) if value.number is not None else None
    if kind == Field.Kind.NUMBER:
        return f"{value.number.normalize():f}" if value.number is not None else None
    if kind == Field.Kind.DATE:
        return value.date
    if kind == Field.Kind.FLAG:
        return value.flag
    return value.person_id if kind == Field.Kind.PERSON else value.file_id


_PARTY = (
    "kind", "full_name", "family_name", "given_name", "names", "honorific", "address_form", "greeting", "language",
    "time_zone", "birth_date", "note", "owner_id", "status", "confidentiality", "project_ids", "last_contact_at",
    "created_at", "updated_at", "deleted_at", "merged_into_id", "version",
)  # fmt: skip
_POINT = (
    "kind", "label", "value", "typed", "parts", "status", "is_primary", "valid_from", "valid_until", "latitude", "longitude",
    "place_source",
)  # fmt: skip


_UNSEEN = {"birth_date": None, "note": ""}


def as_data(found: Whole) -> dict[str, Any]:
    """The same as plain data, field by field."""
    values: dict[str, Any] = {}
    for value in found.values:
        if value.field.kind == Field.Kind.CHOICES:
            values.setdefault(value.field.code, []).append(plain_value(value))
        else:
            values[value.field.code] = plain_value(value)
    return {
        "id": found.party.pk,
        **{name: getattr(found.party, name) for name in _PARTY},
        **{name: empty for name, empty in _UNSEEN.items() if name in found.hidden},
        "points": [{"id": p.pk, **{name: getattr(p, name) for name in _POINT}} for p in found.points],
        "tags": found.tags,
        "fields": values,
        "external_ids": found.external_ids,
        "consents": [
            {
                "purpose": consent.purpose.code,
                "state": consent.state,
                "basis": consent.basis,
                "evidence": consent.evidence,
                "stated_on": consent.stated_on,
                "valid_until": consent.valid_until,
            }
            for consent in found.consents
        ],
    }


def purpose(code: str) -> ConsentPurpose:
    return ConsentPurpose.objects.get(code=code, archived_at__isnull=True)


def relation_type(code: str) -> RelationType:
    return RelationType.objects.get(code=code)


def relations(actor: Actor, of: Party) -> QuerySet[Relation]:
    """The relations of a party, both ways, whose other end the actor may see too."""
    seen = Party.objects.visible_to(actor).present()
    return (
        Relation.objects.filter(Q(source=of, target__in=seen) | Q(target=of, source__in=seen))
        .select_related("type", "source", "target")
        .order_by("type__position", "-valid_from", "id")
    )


def relation(actor: Actor, relation_id: int) -> Relation:
    """One relation of which the actor sees both ends."""
    seen = Party.objects.visible_to(actor)
    return (
        Relation.objects.filter(source__in=seen, target__in=seen)
        .select_related("type", "source", "target")
        .get(pk=relation_id)
    )
