"""The words of SAML, by python3-saml; stricter than it where it would let an answer leave something out.

The library is imported where it is used: it loads a library of its own for signatures, and everything else goes on
where that one does not fit the machine.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import logging
import re
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

from cryptography import x509
from django.conf import settings
from django.urls import reverse

from enishi.accounts.models import SignInService
from enishi.core import clock

MAX_ANSWER = 400_000
MAX_METADATA = 1_000_000
_ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_FORMAT_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_FORMAT_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
# What services call these: by their registered names, by those of Microsoft, and by plain words.
_UID = (
    "urn:oasis:names:tc:SAML:attribute:subject-id",
    "urn:oasis:names:tc:SAML:attribute:pairwise-id",
)
_EMAIL = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "urn:oid:1.2.840.113549.1.9.1",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email", "mail", "emailAddress", "Email", "EmailAddress",
)  # fmt: skip
_NAME = (
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "displayName", "urn:oid:2.5.4.3", "cn", "name",
)  # fmt: skip
_GIVEN = (
    "urn:oid:2.5.4.42", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
    "givenName", "firstName",
)  # fmt: skip
_FAMILY = (
    "urn:oid:2.5.4.4", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
    "sn", "surname", "lastName",
)  # fmt: skip
_VERIFIED = ("email_verified", "http://schemas.auth0.com/email_verified")
logger = logging.getLogger(__name__)


class Unavailable(RuntimeError):
    """The library for signatures does not load on this machine."""


class Untrusted(Exception):
    """An answer that is not believed. ``why``: "old", "declined", "encrypted", "fleeting", "unasked" or ""."""

    def __init__(self, reason: str, why: str = "") -> None:
        super().__init__(reason)
        self.why = why


class NotMetadata(ValueError):
    """A file that does not describe one service that can be used."""


@dataclass(frozen=True)
class Described:
    """What a service says of itself."""

    issuer: str
    sign_in_url: str
    certificates: list[str]


@dataclass(frozen=True)
class Told:
    """Who a service says somebody is, and in answer to what."""

    uid: str
    email: str
    verified: bool
    name: str
    request_id: str
    assertion_id: str
    until: dt.datetime


def _library() -> Any:
    try:
        from onelogin.saml2 import authn_request, errors, idp_metadata_parser, response, xml_utils
        from onelogin.saml2 import settings as library_settings
    except Exception as error:
        # xmlsec raises an error of its own when it was built for another lxml.
        raise Unavailable(str(error)) from error
    return SimpleNamespace(
        AuthnRequest=authn_request.OneLogin_Saml2_Authn_Request,
        Error=errors.OneLogin_Saml2_ValidationError,
        MetadataParser=idp_metadata_parser.OneLogin_Saml2_IdPMetadataParser,
        Response=response.OneLogin_Saml2_Response,
        Settings=library_settings.OneLogin_Saml2_Settings,
        XML=xml_utils.OneLogin_Saml2_XML,
    )


def available() -> bool:
    try:
        _library()
    except Unavailable:
        logger.exception("SAML cannot be used")
        return False
    return True


def entity_id(slug: str) -> str:
    """How we call ourselves towards a service: the address of our metadata for it."""
    return settings.ENV.base_url + reverse("saml_metadata", args=[slug])


def answer_url(slug: str) -> str:
    """Where a service sends people back to."""
    return settings.ENV.base_url + reverse("saml_answer", args=[slug])


def _config(service: SignInService) -> dict[str, Any]:
    certificates = list(service.certificates)
    return {
        "strict": True,
        "security": {
            "wantAssertionsSigned": True,
            "wantAttributeStatement": False,
            "wantNameId": False,
            "allowRepeatAttributeName": True,
            "allowSingleLabelDomains": True,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            # An address to copy from, not a document that runs out.
            "metadataValidUntil": "",
            "metadataCacheDuration": "",
        },
        "sp": {
            "entityId": entity_id(service.slug),
            "assertionConsumerService": {"url": answer_url(service.slug)},
        },
        "idp": {
            "entityId": service.issuer,
            # The library writes it into its XML as it stands.
            "singleSignOnService": {"url": escape(service.sign_in_url, {'"': "&quot;"})},
            "x509cert": certificates[0] if certificates else "",
            "x509certMulti": {"signing": certificates},
        },
    }


def request(service: SignInService) -> tuple[str, str]:
    """The address at a service that asks who somebody is, and the number of the question."""
    library = _library()
    asked = library.AuthnRequest(library.Settings(_config(service)))
    mark = "&" if urlsplit(service.sign_in_url).query else "?"
    address = service.sign_in_url + mark + urlencode({"SAMLRequest": asked.get_request()})
    return address, asked.get_id()


def our_metadata(service: SignInService) -> bytes:
    """What a service can be set up from."""
    made = _library().Settings(_config(service), sp_validation_only=True).get_sp_metadata()
    return made if isinstance(made, bytes) else str(made).encode()


def read_metadata(data: bytes) -> Described:
    """What a service's metadata says. Raises NotMetadata, with the reason in English."""
    library = _library()
    if len(data) > MAX_METADATA:
        raise NotMetadata("too large")
    try:
        tree = library.XML.to_etree(data)
        if len(library.XML.query(tree, "//md:IDPSSODescriptor")) != 1:
            raise NotMetadata("not exactly one identity provider")
        found = library.MetadataParser.parse(data)["idp"]
    except NotMetadata:
        raise
    except Exception as error:
        raise NotMetadata(str(error)) from None
    several = found.get("x509certMulti", {}).get("signing", [])
    given = several or [found.get("x509cert", "")]
    described = Described(
        issuer=found.get("entityId", "").strip(),
        sign_in_url=found.get("singleSignOnService", {}).get("url", "").strip(),
        certificates=[certificate(text) for text in dict.fromkeys(given) if text],
    )
    if not described.issuer or not described.sign_in_url or not described.certificates:
        raise NotMetadata("name, address for redirects or certificate missing")
    return described


def certificate(text: str) -> str:
    """One certificate as base64 alone, whatever it was wrapped in. Raises NotMetadata."""
    bare = re.sub(r"-----[A-Z ]+-----|\s+", "", text)
    try:
        x509.load_der_x509_certificate(base64.b64decode(bare, validate=True))
    except (ValueError, binascii.Error):
        raise NotMetadata("not a certificate") from None
    return bare


def certificates_in(text: str) -> list[str]:
    """Every certificate of a text: one bare one, or several in PEM one after another."""
    parts = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", text, re.DOTALL)
    return [certificate(part) for part in parts or [text] if part.strip()]


def as_pem(bare: str) -> str:
    lines = [bare[at : at + 64] for at in range(0, len(bare), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----"])


def ends(service: SignInService) -> list[dt.datetime]:
    """Until when each of its certificates is meant to be used."""
    return [
        x509.load_der_x509_certificate(base64.b64decode(one)).not_valid_after_utc
        for one in service.certificates
    ]


def read(service: SignInService, encoded: str) -> Told:
    """What an answer says, once it is known to be the service's, for us, for now and for one question of ours.

    Raises Untrusted.
    """
    library = _library()
    if len(encoded) > MAX_ANSWER:
        raise Untrusted("too large")
    address = urlsplit(answer_url(service.slug))
    here: dict[str, Any] = {
        "https": "on" if address.scheme == "https" else "off",
        "http_host": address.netloc,
        "script_name": address.path,
        "get_data": {},
        "post_data": {},
    }
    try:
        answer = library.Response(library.Settings(_config(service)), encoded)
        answer.is_valid(here, raise_exceptions=True)
        return _told(service, answer)
    except Untrusted:
        raise
    except library.Error as error:
        raise Untrusted(str(error), _why(library.Error, error.code)) from error
    except Exception as error:
        # Broken base64, broken XML, a DTD, a key that fits nothing: the libraries below have no error in common.
        encrypted = "private key" in str(error).lower()
        raise Untrusted(str(error), "encrypted" if encrypted else "") from error


def _why(codes: Any, code: int) -> str:
    if code in {
        codes.ASSERTION_TOO_EARLY,
        codes.ASSERTION_EXPIRED,
        codes.SESSION_EXPIRED,
        codes.RESPONSE_EXPIRED,
    }:
        return "old"
    return "declined" if code == codes.STATUS_CODE_IS_NOT_SUCCESS else ""


def _told(service: SignInService, answer: Any) -> Told:
    request_id, until = _confirmed(service, answer)
    given: dict[str, list[str | None]] = answer.get_attributes()

    def first(*names: str) -> str:
        return next((str(v).strip() for name in names for v in given.get(name, []) if v), "")

    name_id, name_format = (answer.get_nameid() or "").strip(), answer.get_nameid_format()
    uid = first(*_UID) or ("" if name_format == _FORMAT_TRANSIENT else name_id)
    if not uid or len(uid) > 191:
        raise Untrusted("no lasting name for a person", "fleeting")
    own = (service.email_attribute,) if service.email_attribute else _EMAIL
    email = first(*own)
    if not email and not service.email_attribute and name_format == _FORMAT_EMAIL:
        email = name_id
    name = first(*_NAME) or f"{first(*_GIVEN)} {first(*_FAMILY)}".strip()
    return Told(
        uid=uid,
        email=email,
        verified=first(*_VERIFIED).lower() in {"true", "1"},
        name=name[:200],
        request_id=request_id,
        assertion_id=answer.get_assertion_id(),
        until=until,
    )


def _confirmed(service: SignInService, answer: Any) -> tuple[str, dt.datetime]:
    """The question answered and until when the answer may be used, both as signed.

    The library lets an answer leave out for whom, where to, in answer to what and until when it is; we do not.
    """
    document = answer.get_xml_document()
    assertion = next(iter(document.iter(f"{{{_ASSERTION}}}Assertion")))
    if entity_id(service.slug) not in answer.get_audiences():
        raise Untrusted("no audience")
    unasked = False
    for confirmation in assertion.iter(f"{{{_ASSERTION}}}SubjectConfirmation"):
        data = confirmation.find(f"{{{_ASSERTION}}}SubjectConfirmationData")
        if data is None or confirmation.get("Method") != _BEARER:
            continue
        asked, until = data.get("InResponseTo"), _moment(data.get("NotOnOrAfter"))
        if data.get("Recipient") == answer_url(service.slug) and until and until > clock.now():
            if asked:
                return asked, until
            unasked = True
    raise Untrusted("not confirmed for us, for now and for a question of ours", "unasked" if unasked else "")


def _moment(text: str | None) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
