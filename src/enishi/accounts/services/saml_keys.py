"""Our key pairs towards SAML services: made on first use, changed in two steps so that nobody is locked out between."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor, system_actor
from enishi.accounts.models import ServiceKey, SignInService
from enishi.accounts.saml import keys
from enishi.accounts.sealing import seal, unseal
from enishi.accounts.services.rules import MANAGE, AccountError
from enishi.core import clock
from enishi.core.events import record

_PURPOSE = "saml key"
logger = logging.getLogger(__name__)


def known_pairs(service: SignInService) -> list[keys.Pair]:
    """Our pairs that can be read, the one that signs first; none before the first use."""
    found = []
    for row in ServiceKey.objects.filter(service=service):
        try:
            found.append(keys.Pair(unseal(row.sealed, _PURPOSE), row.certificate))
        except InvalidToken:
            logger.warning("A key of ours towards %s was sealed with a secret key that is gone", service.slug)
    return found


def our_pairs(service: SignInService) -> list[keys.Pair]:
    """The same; the first is made when there is none that can be read."""
    return known_pairs(service) or _first(service)


@transaction.atomic
def _first(service: SignInService) -> list[keys.Pair]:
    SignInService.objects.select_for_update(no_key=True).get(pk=service.pk)
    if not known_pairs(service):
        ServiceKey.objects.filter(service=service).delete()
        _make(system_actor("sign-in services"), service)
    return known_pairs(service)


def _make(actor: Actor, service: SignInService) -> None:
    pair = keys.make(urlsplit(settings.ENV.base_url).hostname or "enishi")
    ServiceKey.objects.create(
        service=service, sealed=seal(pair.key, _PURPOSE), certificate=pair.certificate, made_at=clock.now()
    )
    record(actor, signals.service_key_made, subject=service)


@transaction.atomic
def make_new_key(actor: Actor, service: SignInService) -> None:
    """Make the next pair. Until the older is dropped it goes on signing, and either opens what is encrypted."""
    actor.require_everywhere(MANAGE)
    SignInService.objects.select_for_update(no_key=True).get(pk=service.pk)
    our_pairs(service)
    if ServiceKey.objects.filter(service=service).count() > 1:
        raise AccountError(
            _("A new key waits already. Let the service read our metadata, then drop the older one.")
        )
    _make(actor, service)


@transaction.atomic
def drop_older_key(actor: Actor, service: SignInService) -> None:
    """From now on the newer pair alone signs and opens."""
    actor.require_everywhere(MANAGE)
    SignInService.objects.select_for_update(no_key=True).get(pk=service.pk)
    found = list(ServiceKey.objects.filter(service=service))
    if len(found) < 2:
        raise AccountError(_("There is one key only. Make a new one first."))
    for older in found[:-1]:
        older.delete()
    record(actor, signals.service_key_dropped, subject=service)
