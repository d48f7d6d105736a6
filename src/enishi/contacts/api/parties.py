"""Parties and relations for programs."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from enishi.accounts.access import Actor
from enishi.contacts import services
from enishi.contacts.models import Consent, ContactPoint, Party, Relation
from enishi.contacts.queries import filters, lists, reaches
from enishi.contacts.queries import party as party_of
from enishi.contacts.queries import record as reach
from enishi.contacts.queries import whole as records
from enishi.contacts.services.places import set_place
from enishi.core.api import (
    PAGE,
    Id,
    Limit,
    Page,
    Problem,
    Text,
    etag,
    expected_version,
    not_modified,
    stale,
)

router = Router(tags=["Parties"])
relations = Router(tags=["Relations"])

Short = Annotated[Text, Field(max_length=300)]
Long = Annotated[Text, Field(max_length=100_000)]


class NameOut(Schema):
    family: str = ""
    given: str = ""
    full: str = ""


class NameIn(Schema):
    family: Short = ""
    given: Short = ""
    full: Short = ""


class PointOut(Schema):
    """A way to reach a party. ``value`` is normalised, ``typed`` as it was written.

    An address may have a place on the map, in degrees of WGS 84; ``place_source`` says where that comes from.
    """

    id: int
    kind: str
    label: str
    value: str
    typed: str
    parts: dict[str, Any]
    status: str
    is_primary: bool
    valid_from: dt.date | None
    valid_until: dt.date | None
    latitude: float | None
    longitude: float | None
    place_source: str


class PositionIn(Schema):
    latitude: float
    longitude: float


class PointIn(Schema):
    kind: ContactPoint.Kind
    typed: Annotated[Text, Field(max_length=500)] = ""
    label: ContactPoint.Label = ContactPoint.Label.WORK
    parts: dict[Annotated[Text, Field(max_length=20)], Short] = {}
    status: ContactPoint.Status = ContactPoint.Status.UNCHECKED
    is_primary: bool = False
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


class ConsentOut(Schema):
    """What was stated last about one purpose. After ``valid_until`` it counts as not given."""

    purpose: str
    state: str
    basis: str
    evidence: str
    stated_on: dt.date
    valid_until: dt.date | None


class PartyOut(Schema):
    """A person, organisation, group or community. ``names`` holds further scripts by ISO 15924 code."""

    id: int
    kind: str
    full_name: str
    family_name: str
    given_name: str
    names: dict[str, NameOut]
    honorific: str
    address_form: str
    greeting: str
    language: str
    time_zone: str
    birth_date: dt.date | None
    note: str
    owner_id: int | None
    status: str
    confidentiality: int
    project_ids: list[int]
    last_contact_at: dt.datetime | None
    created_at: dt.datetime
    updated_at: dt.datetime
    deleted_at: dt.datetime | None
    merged_into_id: int | None
    version: int
    points: list[PointOut]
    tags: list[str]
    fields: dict[str, Any]
    external_ids: dict[str, str]
    consents: list[ConsentOut]


class PartyBrief(Schema):
    """A party as a line of a list."""

    id: int
    kind: str
    full_name: str
    language: str
    status: str
    organisation: str
    email: str
    phone: str
    tags: list[str]
    project_ids: list[int]
    last_contact_at: dt.datetime | None
    updated_at: dt.datetime
    version: int


class PartyFields(Schema):
    family_name: Annotated[Text, Field(max_length=150)] = ""
    given_name: Annotated[Text, Field(max_length=150)] = ""
    full_name: Short = ""
    names: dict[Annotated[str, Field(pattern=r"^[A-Z][a-z]{3}$")], NameIn] = {}
    honorific: Annotated[Text, Field(max_length=60)] = ""
    address_form: Party.Address = Party.Address.NEUTRAL
    greeting: Annotated[Text, Field(max_length=200)] = ""
    language: Annotated[Text, Field(max_length=10)] = ""
    time_zone: Annotated[Text, Field(max_length=50)] = ""
    birth_date: dt.date | None = None
    note: Long = ""
    owner_id: Id | None = None
    status: Party.Status = Party.Status.ACTIVE
    confidentiality: Annotated[int, Field(ge=0, le=3)] = 1


class PartyIn(PartyFields):
    kind: Party.Kind = Party.Kind.PERSON
    project_ids: Annotated[list[Id], Field(min_length=1, max_length=100)]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "GB"
    points: Annotated[list[PointIn], Field(max_length=100)] = []
    tags: Annotated[list[Short], Field(max_length=200)] = []
    fields: dict[str, Any] = {}


class PartyPatch(PartyFields):
    """Only what is sent is changed."""

    project_ids: Annotated[list[Id], Field(min_length=1, max_length=100)] = []
    tags: Annotated[list[Short], Field(max_length=200)] = []
    fields: dict[str, Any] = {}


class RelationOut(Schema):
    id: int
    type: str
    source_id: int
    target_id: int
    title: str
    department: str
    valid_from: dt.date | None
    valid_until: dt.date | None
    seen_on: dt.date | None
    evidence: str


class RelationFields(Schema):
    title: Annotated[Text, Field(max_length=200)] = ""
    department: Annotated[Text, Field(max_length=200)] = ""
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    seen_on: dt.date | None = None
    evidence: Annotated[Text, Field(max_length=200)] = ""


class RelationIn(RelationFields):
    type: Annotated[Text, Field(max_length=40)]
    source_id: Id
    target_id: Id


class ConsentIn(Schema):
    purpose: Annotated[Text, Field(max_length=40)]
    state: Consent.State
    basis: Consent.Basis = Consent.Basis.CONSENT
    evidence: Annotated[Text, Field(max_length=300)] = ""
    stated_on: dt.date
    valid_until: dt.date | None = None


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


def _refused(error: services.ContactError) -> Problem:
    return Problem(422, "The contact cannot be saved", errors=[(error.field or "body", str(error))])


def _shown(actor: Actor, party_id: int) -> dict[str, Any]:
    return records.as_data(records.whole(actor, party_id))


def _brief(row: lists.Row) -> dict[str, Any]:
    party = row.party
    points = {kind: point.value for kind, point in row.points.items()}
    return {
        "id": party.pk,
        "kind": party.kind,
        "full_name": party.full_name,
        "language": party.language,
        "status": party.status,
        "organisation": row.organisation,
        "email": points.get("email", ""),
        "phone": points.get("phone", ""),
        "tags": row.tags,
        "project_ids": party.project_ids,
        "last_contact_at": party.last_contact_at,
        "updated_at": party.updated_at,
        "version": party.version,
    }


@router.get("", response=Page[PartyBrief], summary="List parties")
def list_parties(
    request: HttpRequest,
    q: Annotated[Text, Field(max_length=200)] = "",
    kind: Party.Kind | None = None,
    project_id: Id | None = None,
    filter: Annotated[str, Field(max_length=10_000, description="A filter tree as JSON")] = "",
    sort: Annotated[str, Field(pattern=r"^-?(name|last_contact|created|changed)$")] = "name",
    cursor: Annotated[str, Field(max_length=2000)] = "",
    limit: Limit = PAGE,
) -> Any:
    """Everybody the token may see, filtered and in order."""
    try:
        items: list[filters.Node | filters.Leaf] = [filters.parse(json.loads(filter) if filter else None)]
        if q.strip():
            items.append(filters.Leaf("text", "has", q))
        if kind:
            items.append(filters.Leaf("kind", "is", [kind]))
        columns = ("name", "organisation", "email", "phone", "tags")
        spec = lists.ListSpec(filters.Node("and", tuple(items)), sort, columns, project_id)
        page = lists.page(_actor(request), spec, cursor=cursor, limit=limit)
    except (filters.FilterError, ValueError, RecursionError) as error:
        raise Problem(422, "The filter cannot be used", errors=[("filter", str(error))]) from None
    return {"items": [_brief(row) for row in page.rows], "next": page.next or None}


@router.post("", response={201: PartyOut}, summary="Create a party")
def create_party(request: HttpRequest, data: PartyIn, response: HttpResponse) -> Any:
    """Create a person, organisation, group or community with its points, tags and own fields."""
    actor = _actor(request)
    values = data.dict(exclude={"project_ids", "country", "points", "tags", "fields"})
    draft = services.PartyDraft(
        **values, points=[services.PointDraft(**point.dict()) for point in data.points]
    )
    try:
        party = services.create_party_whole(
            actor,
            draft,
            project_ids=data.project_ids,
            country=data.country,
            tags=data.tags,
            values=data.fields,
        )
    except services.ContactError as error:
        raise _refused(error) from None
    response["ETag"] = etag(party.version)
    response["Location"] = f"/api/v1/parties/{party.pk}"
    return Status(201, _shown(actor, party.pk))


@router.get("/{party_id}", response={200: PartyOut, 304: None}, summary="Read a party")
def read_party(request: HttpRequest, party_id: Id, response: HttpResponse) -> Any:
    """One party, also from the recycle bin; a merged one says into which."""
    shown = _shown(_actor(request), party_id)
    response["ETag"] = etag(shown["version"])
    return Status(304, None) if not_modified(request, shown["version"]) else shown


@router.patch("/{party_id}", response={200: PartyOut, 204: None}, summary="Change a party")
def change_party(request: HttpRequest, party_id: Id, data: PartyPatch, response: HttpResponse) -> Any:
    """Change what is sent. With If-Match the change is made only if nobody else came first (412).

    204 where that takes it out of the token's reach: somebody looks after it whose contacts it does not see.
    """
    actor = _actor(request)
    values = data.dict(exclude_unset=True)
    try:
        party = services.change_party_whole(
            actor,
            party_of(actor, party_id),
            version=expected_version(request),
            tags=values.pop("tags", None),
            values=values.pop("fields", None),
            **values,
        )
    except services.Conflict as conflict:
        raise stale(conflict.current) from None
    except services.ContactError as error:
        raise _refused(error) from None
    response["ETag"] = etag(party.version)
    return _shown(actor, party_id) if reaches(actor, party) else Status(204, None)


@router.delete("/{party_id}", response={204: None}, summary="Move a party to the recycle bin")
def delete_party(request: HttpRequest, party_id: Id) -> Any:
    actor = _actor(request)
    try:
        services.delete_party(actor, party_of(actor, party_id), version=expected_version(request))
    except services.Conflict as conflict:
        raise stale(conflict.current) from None
    return Status(204, None)


@router.post("/{party_id}/restore", response=PartyOut, summary="Take a party out of the recycle bin")
def restore_party(request: HttpRequest, party_id: Id) -> Any:
    actor = _actor(request)
    try:
        services.restore_party(actor, party_of(actor, party_id))
    except services.ContactError as error:
        raise Problem(409, "The party cannot be restored", str(error)) from None
    return _shown(actor, party_id)


@router.post("/{party_id}/points", response={201: PointOut}, summary="Add a way to reach a party")
def add_point(request: HttpRequest, party_id: Id, data: PointIn) -> Any:
    actor = _actor(request)
    try:
        point = services.save_point(actor, party_of(actor, party_id), services.PointDraft(**data.dict()))
    except services.ContactError as error:
        raise _refused(error) from None
    return Status(201, point)


@router.delete("/{party_id}/points/{point_id}", response={204: None}, summary="Remove a way to reach a party")
def remove_point(request: HttpRequest, party_id: Id, point_id: Id) -> Any:
    actor = _actor(request)
    party = party_of(actor, party_id)
    services.save_point(actor, party, None, point=reach.point(actor, party, point_id))
    return Status(204, None)


def _placed(
    request: HttpRequest, party_id: int, point_id: int, at: tuple[float, float] | None
) -> ContactPoint:
    actor = _actor(request)
    party = party_of(actor, party_id)
    try:
        return set_place(actor, party, reach.point(actor, party, point_id), at)
    except services.ContactError as error:
        raise _refused(error) from None


@router.put("/{party_id}/points/{point_id}/position", response=PointOut, summary="Put an address on the map")
def place_point(request: HttpRequest, party_id: Id, point_id: Id, data: PositionIn) -> Any:
    return _placed(request, party_id, point_id, (data.latitude, data.longitude))


@router.delete("/{party_id}/points/{point_id}/position", response={204: None}, summary="Take it off the map")
def displace_point(request: HttpRequest, party_id: Id, point_id: Id) -> Any:
    """It is not looked up again until its words change."""
    _placed(request, party_id, point_id, None)
    return Status(204, None)


@router.post("/{party_id}/consents", response={201: ConsentOut}, summary="Write down a consent")
def state_consent(request: HttpRequest, party_id: Id, data: ConsentIn) -> Any:
    """A statement about one purpose. Statements are never changed; the latest counts."""
    actor = _actor(request)
    values = data.dict(exclude={"purpose"})
    try:
        party = party_of(actor, party_id)
        services.state_consent(actor, party, purpose=records.purpose(data.purpose), **values)
    except services.ContactError as error:
        raise _refused(error) from None
    return Status(201, {"purpose": data.purpose, **values})


@router.get("/{party_id}/relations", response=list[RelationOut], summary="List the relations of a party")
def list_relations(request: HttpRequest, party_id: Id) -> Any:
    """Both ways; only those whose other end the token may see."""
    actor = _actor(request)
    return [_relation(item) for item in records.relations(actor, party_of(actor, party_id))]


def _relation(relation: Relation) -> dict[str, Any]:
    names = (
        "source_id",
        "target_id",
        "title",
        "department",
        "valid_from",
        "valid_until",
        "seen_on",
        "evidence",
    )
    return {
        "id": relation.pk,
        "type": relation.type.code,
        **{name: getattr(relation, name) for name in names},
    }


@relations.post("", response={201: RelationOut}, summary="Relate two parties")
def create_relation(request: HttpRequest, data: RelationIn) -> Any:
    actor = _actor(request)
    values = data.dict(exclude={"type", "source_id", "target_id"})
    try:
        relation = services.relate(
            actor,
            party_of(actor, data.source_id),
            party_of(actor, data.target_id),
            kind=records.relation_type(data.type),
            **values,
        )
    except services.ContactError as error:
        raise _refused(error) from None
    return Status(201, _relation(relation))


@relations.patch("/{relation_id}", response=RelationOut, summary="Change a relation")
def change_relation(request: HttpRequest, relation_id: Id, data: RelationFields) -> Any:
    """Change what is sent; an end date keeps the relation as past."""
    actor = _actor(request)
    relation = records.relation(actor, relation_id)
    values = {name: getattr(relation, name) for name in RelationFields.model_fields}
    values.update(data.dict(exclude_unset=True))
    try:
        relation = services.relate(
            actor, relation.source, relation.target, kind=relation.type, relation=relation, **values
        )
    except services.ContactError as error:
        raise _refused(error) from None
    return _relation(relation)


@relations.delete("/{relation_id}", response={204: None}, summary="Take a relation back")
def remove_relation(request: HttpRequest, relation_id: Id) -> Any:
    """For one that never was; a relation that ended is given its end date instead."""
    actor = _actor(request)
    services.remove_relation(actor, records.relation(actor, relation_id))
    return Status(204, None)
