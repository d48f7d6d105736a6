"""Addresses that are not to be added again: kept as keyed hashes, recognised when they come back."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint
from enishi.contacts.services.points import normalised
from enishi.core import normalise
from enishi.privacy import signals
from enishi.privacy.models import Blocked, Erasure
from enishi.timeline.services import record

RIGHT = "privacy.erase"
KINDS = (ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE)
Address = tuple[str, str]


class NotBlocked(Exception):
    """The address is not on the list; the text says so."""


def _digest(kind: str, key: str, secret: str | bytes) -> str:
    return salted_hmac(f"enishi.privacy.blocked.{kind}", key, secret=secret, algorithm="sha256").hexdigest()


def digests(kind: str, key: str) -> list[str]:
    """By the secret key of the installation and those before it: without it the list cannot be guessed."""
    return [_digest(kind, key, secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def block(erasure: Erasure, addresses: Iterable[Address]) -> int:
    """Keep these from being added again, without keeping them."""
    rows = [
        Blocked(kind=kind, digest=_digest(kind, key, settings.SECRET_KEY), erasure=erasure)
        for kind, key in sorted(set(addresses))
        if kind in KINDS and key
    ]
    Blocked.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def blocked(addresses: Iterable[Address]) -> set[Address]:
    """Those of these addresses that are not to be added again, in one query."""
    asked = {
        (kind, digest): (kind, key)
        for kind, key in addresses
        if kind in KINDS and key
        for digest in digests(kind, key)
    }
    if not asked:
        return set()
    found = Blocked.objects.filter(digest__in=[digest for _kind, digest in asked])
    return {asked[pair] for pair in found.values_list("kind", "digest") if pair in asked}


@transaction.atomic
def lift_block(actor: Actor, typed: str, *, country: str) -> None:
    """Let an address be added again, because the person came back. Raises NotBlocked."""
    actor.require_everywhere(RIGHT)
    kind = ContactPoint.Kind.EMAIL if "@" in typed else ContactPoint.Kind.PHONE
    try:
        key = normalised(kind, typed, {}, country=country).key
    except normalise.Unusable as error:
        raise NotBlocked(str(error)) from None
    rows = Blocked.objects.filter(kind=kind, digest__in=digests(kind, key)).select_related("erasure")
    found = rows.first()
    if found is None:
        raise NotBlocked(_("This address is not on the list."))
    record(actor, signals.block_lifted, subject=found.erasure, data={"kind": str(kind)})
    rows.delete()
