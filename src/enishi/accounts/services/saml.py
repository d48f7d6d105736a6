"""Sign-in services that speak SAML 2.0: what they say of themselves, and letting each word of theirs count once."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import requests
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor, system_actor
from enishi.accounts.models import SignInService, UsedAssertion
from enishi.accounts.saml import protocol
from enishi.accounts.services.rules import MANAGE, AccountError, change
from enishi.accounts.services.saml_keys import our_pairs
from enishi.accounts.services.single_sign_on import (
    Refused,
    forbidden_address,
    free_slug,
    require_default_within,
    untie_all,
)
from enishi.core import clock
from enishi.core.events import record
from enishi.core.outside import ForbiddenAddress, address_parts, session

HANDED_S = 120
_HOST = re.compile(r"[\w.:\[\]-]+")
logger = logging.getLogger(__name__)


def saml_missing() -> str:
    return _(
        "SAML cannot be used on this machine: its library for signatures does not load. "
        "Whoever runs Enishi finds the reason in its log."
    )


@transaction.atomic
def save_saml_service(
    actor: Actor, service: SignInService | None = None, *, metadata: bytes = b"", **values: Any
) -> SignInService:
    """Add a SAML service or change it. Raises AccountError when what it says of itself cannot be used.

    It may be saved before it is known, for our addresses to copy from; it is active only once it is.
    """
    actor.require_everywhere(MANAGE)
    require_default_within(actor, values)
    address = values["metadata_url"]
    known = service is not None and service.metadata_url == address and service.certificates
    if metadata or (address and not known):
        values |= vars(_described(metadata or _fetched(address)))
    else:
        values["certificates"] = _certificates(values.get("certificates", ""))
        if service is None or values.get("sign_out_url", "") != service.sign_out_url:
            values["sign_out_answer_url"] = ""
    values["issuer"] = values["issuer"].strip()
    _check_addresses(values)
    if values["active"] and not (values["issuer"] and values["sign_in_url"] and values["certificates"]):
        raise AccountError(
            _("Give the service's metadata before it is active, or its name, address and certificate.")
        )
    if service is None:
        service = SignInService.objects.create(
            kind=SignInService.Kind.SAML, slug=free_slug(values["name"]), **values
        )
        record(actor, signals.service_added, subject=service, data={"issuer": service.issuer})
    else:
        if service.issuer not in {"", values["issuer"]}:
            untie_all(service)
        change(actor, signals.service_changed, service, values)
    if service.only_encrypted:
        our_pairs(service)
    return service


def _check_addresses(values: Mapping[str, Any]) -> None:
    """People are sent there, with what a service asks about them."""
    schemes = {"https", "http"} if settings.ENV.private_services else {"https"}
    for name in ("sign_in_url", "sign_out_url", "sign_out_answer_url"):
        if not (address := values.get(name, "")):
            continue
        parts = address_parts(address)
        if parts is None or parts.scheme not in schemes or not _HOST.fullmatch(parts.netloc):
            raise AccountError(
                _("The address %(address)s does not begin with https. Ask whoever runs the service for it.")
                % {"address": address}
            )


def _fetched(address: str) -> bytes:
    try:
        with session() as outside, outside.get(address, stream=True) as answer:
            answer.raise_for_status()
            return answer.raw.read(protocol.MAX_METADATA + 1, decode_content=True) or b""
    except ForbiddenAddress:
        raise AccountError(forbidden_address()) from None
    except (requests.RequestException, OSError):
        raise AccountError(
            _("Nothing that can be used was found at %(address)s. Check the address, or choose the file.")
            % {"address": address}
        ) from None


def _described(metadata: bytes) -> protocol.Described:
    try:
        return protocol.read_metadata(metadata)
    except protocol.Unavailable:
        raise AccountError(saml_missing()) from None
    except protocol.NotMetadata:
        raise AccountError(
            _(
                "This is not the metadata of one SAML identity provider with an address for redirects "
                "and a certificate. Take the file that the service calls its metadata."
            )
        ) from None


def _certificates(text: str) -> list[str]:
    try:
        return protocol.certificates_in(text)
    except protocol.NotMetadata:
        raise AccountError(
            _("This is no certificate. Paste it whole, with its first and last line.")
        ) from None


def words_for(service: SignInService, error: protocol.Untrusted) -> str:
    """Why somebody is not let in, for them to read; what exactly was wrong stands in the log."""
    text = {
        "old": _(
            "The answer of %(service)s is too old or not valid yet. Try again; if it stays so, whoever runs it sets its clock."
        ),
        "declined": _("%(service)s has not let you in. Nothing has changed here."),
        "sealed": _(
            "The answer of %(service)s is encrypted and could not be opened, or cannot be trusted, so nobody is signed in. "
            "Try again; if it stays so, whoever runs it lets it read our metadata again."
        ),
        "open": _(
            "%(service)s has not encrypted its answer, and here only encrypted ones let anybody in. "
            "Whoever runs it switches that on for Enishi."
        ),
        "unasked": _(
            "%(service)s sent you here without being asked. Go to the sign-in page and press “Sign in with %(service)s”."
        ),
        "fleeting": _(
            "%(service)s calls people by another name each time. Whoever runs it lets it send a lasting name."
        ),
    }.get(
        error.why,
        _(
            "What %(service)s answered cannot be trusted, so nobody is signed in. "
            "Try again; if it stays so, whoever runs Enishi finds the reason in its log."
        ),
    )
    return text % {"service": service.name}


def handed(service: SignInService, told: protocol.Told) -> dict[str, Any]:
    """What is kept between the two requests of an answer."""
    return {
        "service": service.slug,
        "uid": told.uid,
        "email": told.email,
        "verified": told.verified,
        "name": told.name,
        "request_id": told.request_id,
        "assertion_id": told.assertion_id,
        "until": told.until.isoformat(),
        "named": asdict(told.named),
    }


@transaction.atomic
def use_assertion(service: SignInService, told: dict[str, Any]) -> None:
    """Let a word count, once. Raises Refused when it has counted before or has run out meanwhile."""
    until = dt.datetime.fromisoformat(told["until"])
    use_word(service, told["assertion_id"], until)
    if until <= clock.now():
        raise Refused(_("This answer has run out. Sign in again."))


def use_word(service: SignInService, word: str, until: dt.datetime) -> None:
    """Let what a service said count once until it runs out. Raises Refused the second time."""
    digest = hashlib.sha256(word.encode()).hexdigest()
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(service=service, digest=digest, until=until)
    except IntegrityError:
        raise Refused(_("This was used already. Begin again.")) from None


def forget_used_assertions() -> int:
    """Remove what has run out anyway; a nightly job."""
    return UsedAssertion.objects.filter(until__lt=clock.now()).delete()[0]


def renew_saml_services() -> int:
    """Read the metadata of active services anew, so that nobody is locked out when a certificate changes; a nightly job.

    A service that calls itself otherwise now is another set of people: that a person decides.
    """
    actor, renewed = system_actor("sign-in services"), 0
    kept = SignInService.objects.filter(kind=SignInService.Kind.SAML, active=True).exclude(metadata_url="")
    for service in kept:
        try:
            found = _described(_fetched(service.metadata_url))
            _check_addresses(vars(found))
        except AccountError as error:
            logger.warning("The metadata of %s was not renewed: %s", service.slug, error)
            continue
        if found.issuer != service.issuer:
            logger.warning("%s calls itself %s now and stays as it was", service.slug, found.issuer)
            continue
        values = vars(found)
        if any(getattr(service, name) != value for name, value in values.items()):
            with transaction.atomic():
                change(actor, signals.service_changed, service, values)
            renewed += 1
    return renewed
