"""Signing in through an organisation's own identities: services, and the accounts tied to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.fernet import InvalidToken
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor, Via, system_actor
from enishi.accounts.models import Project, Role, SignInService, User
from enishi.accounts.sealing import seal, unseal
from enishi.accounts.services.people import create_user
from enishi.accounts.services.roles import give_role
from enishi.accounts.services.rules import MANAGE, AccountError, change, require_role_within
from enishi.core import clock
from enishi.core.events import record
from enishi.core.outside import ForbiddenAddress, session

_PURPOSE = "single sign-on"
_WELL_KNOWN = "/.well-known/openid-configuration"
LINK_S = 600


class Refused(AccountError):
    """Somebody came back from a sign-in service and is not let in; the text says why and what to do."""


@transaction.atomic
def save_service(
    actor: Actor, service: SignInService | None = None, *, secret: str = "", **values: Any
) -> SignInService:
    """Add a sign-in service or change it. Raises AccountError when it does not answer as it must.

    Another issuer is another set of people: whoever was tied to the old one is no longer.
    """
    actor.require_everywhere(MANAGE)
    require_default_within(actor, values)
    issuer = values["issuer"] = values["issuer"].rstrip("/")
    if service is None or issuer != service.issuer:
        check_issuer(issuer)
    if service is None:
        if not secret:
            raise AccountError(_("Give the secret that the service made for this client."))
        service = SignInService.objects.create(
            slug=free_slug(values["name"]), sealed_secret=seal(secret, _PURPOSE), **values
        )
        record(actor, signals.service_added, subject=service, data={"issuer": issuer})
        return service
    if issuer != service.issuer:
        untie_all(service)
    if secret:
        service.sealed_secret = seal(secret, _PURPOSE)
        service.save(update_fields=["sealed_secret"])
    change(actor, signals.service_changed, service, values)
    return service


def require_default_within(actor: Actor, values: Mapping[str, Any]) -> None:
    """Refuse a role for new accounts that reaches further than the actor does."""
    role: Role | None = values.get("default_role")
    project: Project | None = values.get("default_project")
    if role is not None:
        require_role_within(actor, role, project.pk if project else None)


def untie_all(service: SignInService) -> None:
    SocialAccount.objects.filter(provider=service.slug).delete()


def free_slug(name: str) -> str:
    base = slugify(name)[:30] or "service"
    taken = set(SignInService.objects.values_list("slug", flat=True))
    # Ties of a service that was removed are gone, but its address may still be registered elsewhere.
    return next(slug for n in range(1, 1000) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


def secret_of(service: SignInService) -> str:
    """The client's secret; empty when it was sealed with a key that is gone, so that the door still opens by password."""
    try:
        return unseal(service.sealed_secret, _PURPOSE)
    except InvalidToken:
        return ""


def check_issuer(issuer: str) -> None:
    """Ask a service for what it says about itself. Raises AccountError, in words, when it cannot be used."""
    address = issuer + _WELL_KNOWN
    try:
        with session() as outside:
            answer = outside.get(address)
            answer.raise_for_status()
            told = answer.json()
    except ForbiddenAddress:
        raise AccountError(forbidden_address()) from None
    except (requests.RequestException, ValueError):
        raise AccountError(
            _("Nothing that can be used was found at %(address)s. Check the issuer.") % {"address": address}
        ) from None
    needed = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
    if not isinstance(told, dict) or not needed <= set(told):
        raise AccountError(
            _("Nothing that can be used was found at %(address)s. Check the issuer.") % {"address": address}
        )
    if str(told.get("issuer", "")).rstrip("/") != issuer:
        raise AccountError(
            _("The service calls itself %(issuer)s. Write the issuer exactly so.")
            % {"issuer": told.get("issuer", "?")}
        )


def forbidden_address() -> str:
    return _(
        "This address is not out on the internet, or does not begin with https. If the service really "
        "stands in your own network, whoever runs Enishi sets ENISHI_PRIVATE_SERVICES=1."
    )


@transaction.atomic
def remove_service(actor: Actor, service: SignInService) -> None:
    """Remove a sign-in service; people sign in with their password, or set one by mail."""
    actor.require_everywhere(MANAGE)
    untie_all(service)
    record(actor, signals.service_removed, subject=service, data={"issuer": service.issuer})
    service.delete()


@dataclass(frozen=True)
class Identity:
    """Who a sign-in service says somebody is."""

    uid: str
    email: str
    verified: bool
    name: str
    data: dict[str, Any]


@transaction.atomic
def admit(service: SignInService, identity: Identity) -> User | None:
    """Open an account for somebody new. None: an account with that address is there and has to be tied to it first.

    Raises Refused, in words, for whoever is not to come in.
    """
    words = {"service": service.name, "email": identity.email}
    if not identity.email:
        raise Refused(
            _("%(service)s told no e-mail address. Whoever runs it can let it send the address to Enishi.")
            % words
        )
    domain = identity.email.rpartition("@")[2].lower()
    if service.domains and domain not in service.domains:
        raise Refused(_("Addresses like %(email)s are not let in by %(service)s.") % words)
    if not identity.verified and not service.vouches:
        raise Refused(
            _(
                "%(service)s has not checked that %(email)s is yours. Confirm the address there, then try again."
            )
            % words
        )
    if User.objects.filter(email__iexact=identity.email).exists():
        return None
    if not service.create_accounts:
        raise Refused(
            _("Nobody signs in here with %(email)s yet. Ask whoever manages people to invite you.") % words
        )
    actor = system_actor(service.name, via=Via.WEB)
    try:
        user = create_user(
            actor, email=identity.email, name=identity.name or identity.email.partition("@")[0]
        )
        if service.default_role is not None:
            give_role(actor, role=service.default_role, user=user, project=service.default_project)
        _tie(actor, user, service.slug, identity.uid, identity.data)
    except (IntegrityError, AccountError):
        raise Refused(_("The account could not be opened. Try once more.")) from None
    return user


def _tie(actor: Actor, user: User, slug: str, uid: str, data: dict[str, Any]) -> None:
    SocialAccount.objects.create(user=user, provider=slug, uid=uid, extra_data=data)
    record(actor, signals.service_tied, subject=user, data={"service": slug})


def pending_tie(service: SignInService, identity: Identity) -> dict[str, Any]:
    """What a session keeps until the owner of the account has shown by their password that it is them."""
    return {
        "service": service.slug,
        "uid": identity.uid,
        "email": identity.email,
        "data": identity.data,
        "until": int(clock.now().timestamp()) + LINK_S,
    }


@transaction.atomic
def tie_pending(actor: Actor, user: User, pending: dict[str, Any]) -> SignInService | None:
    """Tie an identity to the account that has just been signed in to by other means; None when it is not theirs."""
    service = SignInService.objects.filter(slug=pending.get("service"), active=True).first()
    same = str(pending.get("email", "")).lower() == user.email.lower()
    if service is None or not same or pending.get("until", 0) < clock.now().timestamp():
        return None
    if SocialAccount.objects.filter(provider=service.slug, uid=pending["uid"]).exists():
        return None
    _tie(actor, user, service.slug, pending["uid"], pending["data"])
    return service


def keep_identity(tie: SocialAccount, identity: Identity) -> None:
    tie.extra_data = identity.data
    tie.save(update_fields=["extra_data"])


@transaction.atomic
def untie(actor: Actor, user: User, tie: SocialAccount) -> None:
    """Take an identity away from an account. One's own only while a password is left to sign in with."""
    if actor.user_id != user.pk:
        actor.require_everywhere(MANAGE)
    elif not user.has_usable_password():
        raise AccountError(_("You could not sign in any more. Set a password first: “I forgot my password”."))
    record(actor, signals.service_untied, subject=user, data={"service": tie.provider})
    tie.delete()
