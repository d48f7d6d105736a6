"""Sign-in services at which mailboxes are opened: as which client of theirs we are known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.sealing import seal, unseal
from enishi.core import clock, text
from enishi.core.outside import address_parts
from enishi.mailboxes import signals
from enishi.mailboxes.models import Provider, SignIn
from enishi.mailboxes.oauth import KNOWN, Client
from enishi.mailboxes.queries import RIGHT
from enishi.mailboxes.services.errors import MailboxError
from enishi.timeline.services import differences, record

_PURPOSE = "mailbox provider"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_ASKED = ("tenant", "client_id", "authorize_url", "token_url")
"""With another of these the secret would go somewhere else than where it was meant for, and what was given is worth nothing."""
_TOLD = ("name", "kind", "tenant", "client_id", "authorize_url", "token_url", "scope")


@dataclass(frozen=True)
class ProviderDraft:
    """What is known of a service. An empty secret keeps the one that is there."""

    name: str
    kind: str
    client_id: str
    secret: str = ""
    tenant: str = ""
    authorize_url: str = ""
    token_url: str = ""
    scope: str = ""

    def values(self) -> dict[str, Any]:
        other = self.kind == Provider.Kind.OTHER
        return {
            "name": " ".join(text.clean(self.name).split())[:60],
            "kind": self.kind,
            "client_id": self.client_id.strip(),
            "tenant": self.tenant.strip() if self.kind == Provider.Kind.MICROSOFT else "",
            "authorize_url": self.authorize_url.strip() if other else "",
            "token_url": self.token_url.strip() if other else "",
            "scope": " ".join(self.scope.split()) if other else "",
        }


def back() -> str:
    """Where every service sends the browser back to."""
    return str(settings.ENV.base_url) + reverse("mailboxes:signed_in")


def save_provider(actor: Actor, provider: Provider | None, draft: ProviderDraft) -> Provider:
    """Add a service, or change it. Raises MailboxError."""
    try:
        return _save(actor, provider, draft)
    except IntegrityError as error:
        if "name" not in str(error):
            raise
        raise MailboxError(_("There is one of this name already."), "name") from None


@transaction.atomic
def _save(actor: Actor, provider: Provider | None, draft: ProviderDraft) -> Provider:
    actor.require_everywhere(RIGHT)
    values = draft.values()
    _check(values)
    if provider is None:
        if not draft.secret and draft.kind != Provider.Kind.OTHER:
            raise MailboxError(_("Enter the secret that the service made for this client."), "secret")
        made = Provider.objects.create(**values, sealed_secret=_sealed(draft.secret), created_at=clock.now())
        record(actor, signals.provider_added, subject=made, changes=differences({}, _told(made)))
        return made
    found = Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    values["kind"] = found.kind
    told = _told(found)
    moved = any(getattr(found, name) != values[name] for name in _ASKED)
    for name, value in values.items():
        setattr(found, name, value)
    if moved:
        if found.sealed_secret and not draft.secret:
            raise MailboxError(
                _("Enter the secret again: it was kept for the client and addresses before."), "secret"
            )
        SignIn.objects.filter(mailbox__provider=found).delete()
    changes = differences(told, _told(found))
    if draft.secret and draft.secret != _secret(found):
        found.sealed_secret = _sealed(draft.secret)
        changes["secret"] = ("", "")
    if changes:
        found.save()
        record(actor, signals.provider_changed, subject=found, changes=changes)
    return found


def _check(values: Mapping[str, Any]) -> None:
    if values["kind"] == Provider.Kind.MICROSOFT and not _TENANT.fullmatch(values["tenant"]):
        raise MailboxError(_("Enter the directory (tenant) id, or the domain of the organisation."), "tenant")
    if values["kind"] == Provider.Kind.OTHER:
        for name in ("authorize_url", "token_url"):
            parts = address_parts(values[name])
            if parts is None or (parts.scheme != "https" and not settings.ENV.private_services):
                raise MailboxError(_("Enter an address that begins with https://"), name)


def _told(found: Provider) -> dict[str, Any]:
    return {name: getattr(found, name) for name in _TOLD}


def _sealed(secret: str) -> str:
    return seal(secret, _PURPOSE) if secret else ""


def _secret(found: Provider) -> str | None:
    """None when it was sealed with a key that is gone."""
    try:
        return unseal(found.sealed_secret, _PURPOSE) if found.sealed_secret else ""
    except InvalidToken:
        return None


@transaction.atomic
def remove_provider(actor: Actor, provider: Provider) -> None:
    """Forget a service with its secret. Raises MailboxError while mailboxes sign in there."""
    actor.require_everywhere(RIGHT)
    found = Provider.objects.select_for_update().get(pk=provider.pk)
    if found.mailboxes.unscoped("whether any is left, whoever may know of it").exists():
        raise MailboxError(_("Mailboxes still sign in with it. Change or remove those first."))
    changes = {name: (value, None) for name, value in _told(found).items()}
    record(actor, signals.provider_removed, subject=found, changes=changes)
    found.delete()


def client_of(found: Provider) -> Client | None:
    """As whom a service knows us; None when the secret cannot be read any more."""
    secret = _secret(found)
    if secret is None:
        return None
    known = KNOWN.get(Provider.Kind(found.kind))
    if known is None:
        return Client(found.authorize_url, found.token_url, found.scope, (), found.client_id, secret)
    return Client(
        known.authorize_url.format(tenant=found.tenant),
        known.token_url.format(tenant=found.tenant),
        known.scope,
        known.extra,
        found.client_id,
        secret,
    )
