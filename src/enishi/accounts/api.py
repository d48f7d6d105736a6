"""SCIM 2.0 (RFC 7644): a directory reads, opens, changes and switches off accounts, and keeps teams.

Answers are told in the protocol's own words, in English, as programs read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    ForbiddenException,
    InvalidSyntaxException,
    InvalidValueException,
    ListResponse,
    NotFoundException,
    PatchOp,
    Resource,
    SCIMException,
    SearchRequest,
    UniquenessException,
)

from enishi.accounts import queries, scim, services
from enishi.accounts.access import Actor, Forbidden, Via
from enishi.accounts.models import Team
from enishi.accounts.models import User as Account

P = ParamSpec("P")
TYPE = "application/scim+json"
PREFIX = "/scim/v2"
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
_BY = re.compile(r'\s*(userName|externalId)\s+eq\s+("(?:[^"\\]|\\.)*")\s*', re.IGNORECASE)


def _answer(body: Any, status: int = 200, **headers: str) -> HttpResponse:
    return HttpResponse(json.dumps(body), status=status, content_type=TYPE, headers=headers)


def _error(error: Error, **headers: str) -> HttpResponse:
    return _answer(error.model_dump(), int(error.status or 400), **headers)


def endpoint(**methods: View[P]) -> View[P]:
    """An address of the protocol: who asks, by which method, and errors in its own shape."""

    def view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        actor = _actor(request)
        if actor is None:
            error = Error(status=401, detail="Send a token that may provision, as “Authorization: Bearer …”.")
            return _error(error, **{"WWW-Authenticate": "Bearer"})
        request.actor = actor  # type: ignore[attr-defined]
        method = methods.get(request.method or "")
        if method is None:
            return _error(
                Error(status=405, detail="This method is not known here."), Allow=", ".join(methods)
            )
        try:
            with scim.POLICY, translation.override("en"):
                return method(request, *args, **kwargs)
        except SCIMException as error:
            return _error(error.to_error())
        except ValidationError as error:
            return _error(_invalid(error))
        except services.Taken as error:
            return _error(UniquenessException(detail=str(error)).to_error())
        except services.AccountError as error:
            return _error(ForbiddenException(detail=str(error)).to_error())
        except Forbidden as error:
            return _error(ForbiddenException(detail=f"This needs the right {error.right}.").to_error())

    return view


def _invalid(error: ValidationError) -> Error:
    """The first thing that is wrong, as the protocol names it."""
    first = error.errors(include_url=False)[0]
    told = first.get("ctx", {})
    where = ".".join(str(part) for part in first["loc"])
    return Error(
        status=told.get("status", 400),
        scim_type=told.get("scim_type") or "invalidValue",
        detail=f"{where}: {first['msg']}" if where else first["msg"],
    )


def _actor(request: HttpRequest) -> Actor | None:
    """Whoever made the token, with what provisioning stands for and nothing else."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    token = queries.token_by_secret(secret.strip()) if scheme.lower() == "bearer" and secret else None
    if token is None or services.PROVISION not in token.scopes:
        return None
    services.note_token_use(token)
    actor = queries.actor(token.user, via=Via.API, token_scopes=token.scopes)
    if not services.provisioner(actor):
        return None
    return replace(actor, token_scopes=frozenset({services.PROVISION, services.MANAGE}), _scopes={})


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri(PREFIX)


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, UnicodeDecodeError):
        raise InvalidSyntaxException(detail="The body is not JSON.") from None
    if not isinstance(body, dict):
        raise InvalidSyntaxException(detail="The body is not an object.")
    return body


def _listed(request: HttpRequest, kind: Any, drawn: list[Any]) -> HttpResponse:
    """One page of what the filter lets through."""
    sent = _body(request) if request.method == "POST" else request.GET.dict()
    asked = SearchRequest[kind].model_validate(sent, scim_ctx=Context.RESOURCE_QUERY_REQUEST)
    if asked.filter is not None:
        drawn = [one for one in drawn if asked.filter.match(one)]
    start = max(asked.start_index or 1, 1)
    count = scim.MOST if asked.count is None else max(min(asked.count, scim.MOST), 0)
    page = drawn[start - 1 : start - 1 + count]
    answer = ListResponse[kind](
        total_results=len(drawn), start_index=start, items_per_page=len(page), resources=page
    )
    return _answer(answer.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked))


def _everything(request: HttpRequest) -> HttpResponse:
    base = _base(request)
    people = [scim.person_of(one, base) for one in queries.provisioned_people()]
    teams = [scim.group_of(one, base) for one in queries.provisioned_teams()]
    return _listed(request, scim.User | scim.Group, [*people, *teams])


def _shown(
    request: HttpRequest, resource: Resource[Any], context: Context, status: int = 200
) -> HttpResponse:
    kind = type(resource)
    asked = SearchRequest[kind].model_validate(  # type: ignore[valid-type]
        {key: value for key, value in request.GET.items() if key in {"attributes", "excludedAttributes"}},
        scim_ctx=Context.RESOURCE_QUERY_REQUEST,
    )
    body = resource.model_dump(scim_ctx=context, response_parameters=asked)
    location = str(resource.meta.location) if resource.meta else ""
    return _answer(body, status, Location=location)


# People


def _account(key: str) -> Account:
    number = scim.number(key, "user")
    try:
        return queries.provisioned_person(number or 0)
    except Account.DoesNotExist:
        raise NotFoundException(detail=f"There is no user {key}.") from None


def _values(person: scim.User, active: bool) -> dict[str, Any]:
    address = scim.address_of(person)
    if "@" not in address:
        raise InvalidValueException(detail="emails: an address to write to is needed.")
    return {
        "user_name": person.user_name or address,
        "external_id": person.external_id or "",
        "address": address,
        "name": scim.name_of(person)[:200],
        "active": active if person.active is None else person.active,
        "said": scim.said_by(person),
    }


def _people(request: HttpRequest) -> HttpResponse:
    by = _BY.fullmatch(request.GET.get("filter", ""))
    narrowed: dict[str, Any] = {}
    if by:
        narrowed = {"user_name" if by[1].lower() == "username" else "external_id": json.loads(by[2])}
    base = _base(request)
    found = [scim.person_of(one, base) for one in queries.provisioned_people(**narrowed)]
    return _listed(request, scim.User, found)


def _new_person(request: HttpRequest) -> HttpResponse:
    person = scim.User.model_validate(
        scim.completed(_body(request), active=True), scim_ctx=Context.RESOURCE_CREATION_REQUEST
    )
    made = services.provision_person(_who(request), **_values(person, active=True))
    drawn = scim.person_of(queries.provisioned_person(made.pk), _base(request))
    return _shown(request, drawn, Context.RESOURCE_CREATION_RESPONSE, 201)


def _who(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _person(request: HttpRequest, key: str) -> HttpResponse:
    drawn = scim.person_of(_account(key), _base(request))
    return _shown(request, drawn, Context.RESOURCE_QUERY_RESPONSE)


def _replace_person(request: HttpRequest, key: str) -> HttpResponse:
    account = _account(key)
    person = scim.User.model_validate(
        scim.completed(_body(request), active=account.is_active),
        scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST,
    )
    return _save_person(request, account, person, Context.RESOURCE_REPLACEMENT_RESPONSE)


def _patch_person(request: HttpRequest, key: str) -> HttpResponse:
    account = _account(key)
    person = scim.person_of(account, _base(request))
    patch = PatchOp[scim.User].model_validate(_body(request), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    patch.patch(person)
    return _save_person(request, account, person, Context.RESOURCE_PATCH_RESPONSE)


def _save_person(request: HttpRequest, account: Account, person: scim.User, context: Context) -> HttpResponse:
    services.reprovision_person(_who(request), account, **_values(person, active=account.is_active))
    drawn = scim.person_of(queries.provisioned_person(account.pk), _base(request))
    return _shown(request, drawn, context)


def _withdraw_person(request: HttpRequest, key: str) -> HttpResponse:
    services.withdraw_person(_who(request), _account(key))
    return HttpResponse(status=204)


# Teams


def _team(key: str) -> Team:
    number = scim.number(key, "team")
    try:
        return queries.provisioned_team(number or 0)
    except Team.DoesNotExist:
        raise NotFoundException(detail=f"There is no group {key}.") from None


def _members(group: scim.Group) -> list[Account]:
    """The people that a group names; each must be there."""
    keys = {str(member.value) for member in group.members or []}
    numbers = {key: scim.number(key, "user") for key in keys}
    found = {one.pk: one for one in queries.people_by_numbers({n for n in numbers.values() if n})}
    for key, number in numbers.items():
        if number not in found:
            raise InvalidValueException(detail=f"members: there is no user {key}.")
    return list(found.values())


def _teams(request: HttpRequest) -> HttpResponse:
    base = _base(request)
    return _listed(request, scim.Group, [scim.group_of(one, base) for one in queries.provisioned_teams()])


def _save_team(request: HttpRequest, team: Team | None, group: scim.Group) -> scim.Group:
    name = (group.display_name or "").strip()
    if not name or len(name) > 120:
        raise InvalidValueException(detail="displayName: a name of at most 120 characters is needed.")
    saved = services.provision_team(
        _who(request), team, name=name, external_id=group.external_id or "", members=_members(group)
    )
    return scim.group_of(queries.provisioned_team(saved.pk), _base(request))


def _new_team(request: HttpRequest) -> HttpResponse:
    group = scim.Group.model_validate(_body(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    return _shown(request, _save_team(request, None, group), Context.RESOURCE_CREATION_RESPONSE, 201)


def _one_team(request: HttpRequest, key: str) -> HttpResponse:
    return _shown(request, scim.group_of(_team(key), _base(request)), Context.RESOURCE_QUERY_RESPONSE)


def _replace_team(request: HttpRequest, key: str) -> HttpResponse:
    team = _team(key)
    group = scim.Group.model_validate(_body(request), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    return _shown(request, _save_team(request, team, group), Context.RESOURCE_REPLACEMENT_RESPONSE)


def _patch_team(request: HttpRequest, key: str) -> HttpResponse:
    team = _team(key)
    group = scim.group_of(team, _base(request))
    patch = PatchOp[scim.Group].model_validate(_body(request), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    patch.patch(group)
    return _shown(request, _save_team(request, team, group), Context.RESOURCE_PATCH_RESPONSE)


def _remove_team(request: HttpRequest, key: str) -> HttpResponse:
    services.delete_team(_who(request), _team(key))
    return HttpResponse(status=204)


# What the service says about itself


def _described(request: HttpRequest, found: list[Any], key: str | None) -> HttpResponse:
    drawn = [one.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE) for one in found]
    if key is not None:
        one = next((one for one in drawn if one.get("id") == key), None)
        if one is None:
            raise NotFoundException(detail=f"There is no {key}.")
        return _answer(one)
    if "filter" in request.GET:
        raise ForbiddenException(detail="What the service says about itself cannot be filtered.")
    schemas = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    numbers = {"totalResults": len(drawn), "startIndex": 1, "itemsPerPage": len(drawn)}
    return _answer({"schemas": schemas, **numbers, "Resources": drawn})


def _config(request: HttpRequest) -> HttpResponse:
    return _answer(scim.service_config(_base(request)).model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


def _types(request: HttpRequest, key: str | None = None) -> HttpResponse:
    return _described(request, scim.resource_types(_base(request)), key)


def _schemas(request: HttpRequest, key: str | None = None) -> HttpResponse:
    return _described(request, scim.schemas(_base(request)), key)


def _nothing(request: HttpRequest, rest: str) -> HttpResponse:
    raise NotFoundException(detail="There is nothing at this address.")


find_all = endpoint(POST=_everything)
find_people = endpoint(POST=_people)
find_teams = endpoint(POST=_teams)
people = endpoint(GET=_people, POST=_new_person)
person = endpoint(GET=_person, PUT=_replace_person, PATCH=_patch_person, DELETE=_withdraw_person)
teams = endpoint(GET=_teams, POST=_new_team)
team = endpoint(GET=_one_team, PUT=_replace_team, PATCH=_patch_team, DELETE=_remove_team)
config = endpoint(GET=_config)
types = endpoint(GET=_types)
schemas = endpoint(GET=_schemas)
nothing = endpoint(GET=_nothing, POST=_nothing, PUT=_nothing, PATCH=_nothing, DELETE=_nothing)
