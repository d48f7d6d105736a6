"""The words of SCIM 2.0 (RFC 7643) for our people and teams."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import EmailStr, Field
from scim2_models import URN as Urn
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Filter,
    GroupMembership,
    Meta,
    Mutability,
    Name,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from enishi.accounts import models

MOST = 200
# Directories send more than we keep, and Entra ID writes some operations in its own way.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
)


class Email(ComplexAttribute):
    """An address; its name is the public one, so that ``emails`` reads as everywhere."""

    value: Annotated[EmailStr | None, Required.true] = None
    type: str | None = None
    primary: bool | None = None


class User(Resource[Any]):
    """The part of a SCIM user that is kept here: who it is, how to write to them, and whether they may sign in."""

    __schema__ = Urn("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    emails: Annotated[list[Email] | None, Required.true] = None
    active: Annotated[bool | None, Required.true] = None
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None


class GroupMember(ComplexAttribute):
    value: Annotated[str | None, Mutability.immutable, CaseExact.true, Required.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    __schema__ = Urn("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[GroupMember] | None = None


def person_of(user: models.User, base: str) -> User:
    """A user as a directory sees them: what it said itself, and what has changed here since."""
    kept: models.Provisioned | None = getattr(user, "provisioned", None)
    said = dict(kept.said) if kept else {}
    person = User.model_validate(said, scim_ctx=None)
    person.id = person_id(user.pk)
    person.external_id = kept.external_id or None if kept else None
    person.user_name = kept.user_name if kept else user.email
    if name_of(person) != user.name:
        person.display_name = user.name
    if address_of(person) != user.email:
        person.emails = [Email(value=user.email, primary=True)]
    person.active = user.is_active
    person.groups = [
        GroupMembership(
            type="direct",
            value=team_id(team.pk),
            display=team.name,
            ref=_reference(base, "Groups", team_id(team.pk)),
        )
        for team in sorted(user.teams.all(), key=lambda team: team.pk)
    ] or None
    person.meta = Meta(resource_type="User", created=user.created_at, location=f"{base}/Users/{person.id}")
    return person


def group_of(team: models.Team, base: str) -> Group:
    members = [
        GroupMember(
            value=person_id(user.pk),
            type="User",
            ref=_reference(base, "Users", person_id(user.pk)),
        )
        for user in sorted(team.members.all(), key=lambda user: user.pk)
    ]
    group = Group(display_name=team.name, members=members or None)
    group.id, group.external_id = team_id(team.pk), team.external_id or None
    group.meta = Meta(resource_type="Group", location=f"{base}/Groups/{group.id}")
    return group


def _reference(base: str, kind: str, key: str) -> Any:
    return Reference(f"{base}/{kind}/{key}")


def person_id(pk: int) -> str:
    return f"user-{pk}"


def team_id(pk: int) -> str:
    return f"team-{pk}"


def number(key: str, kind: str) -> int | None:
    """The number in ``user-12`` or ``team-3``; None for anything else."""
    prefix, _dash, digits = key.partition("-")
    return int(digits) if prefix == kind and digits.isdecimal() and len(digits) < 18 else None


def name_of(person: User) -> str:
    """What people read: the name to show, or what can be made of the rest."""
    name = person.name
    parts = [name.given_name, name.family_name] if name else []
    made = " ".join(part for part in parts if part)
    return (person.display_name or (name.formatted if name else "") or made or person.user_name or "").strip()


def address_of(person: User) -> str:
    """Where to write to, and to sign in with: the primary address, else the first, else a user name that is one."""
    listed = [email for email in person.emails or [] if email.value]
    chosen = next((email for email in listed if email.primary), listed[0] if listed else None)
    address = str(chosen.value) if chosen else person.user_name or ""
    return address.strip().lower()


def completed(body: dict[str, Any], *, active: bool) -> dict[str, Any]:
    """What was sent, with what directories leave out: the user name as address where it is one, and the state."""
    keys = {key.lower(): key for key in body}
    name = body.get(keys.get("username", ""))
    if body.get(keys.get("emails", "")) or not isinstance(name, str) or "@" not in name:
        emails = {}
    else:
        emails = {keys.get("emails", "emails"): [{"value": name, "primary": True}]}
    return {keys.get("active", "active"): active, **body, **emails}


def said_by(person: User) -> dict[str, Any]:
    """What is kept of what a directory says."""
    person = person.model_copy(update={"groups": None, "meta": None, "id": None, "external_id": None})
    return person.model_dump(scim_ctx=None, mode="json", by_alias=True, exclude_none=True)


def service_config(base: str) -> ServiceProviderConfig:
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="API token",
                description="A token of the settings with the right to provision people and teams",
                primary=True,
            )
        ],
        meta=Meta(resource_type="ServiceProviderConfig", location=f"{base}/ServiceProviderConfig"),
    )


def resource_types(base: str) -> list[ResourceType]:
    found = [ResourceType.from_resource(User), ResourceType.from_resource(Group)]
    for kind in found:
        kind.meta = Meta(resource_type="ResourceType", location=f"{base}/ResourceTypes/{kind.id}")
    return found


def schemas(base: str) -> list[Any]:
    found = [User.to_schema(), Group.to_schema()]
    for schema in found:
        schema.meta = Meta(resource_type="Schema", location=f"{base}/Schemas/{schema.id}")
    return found
