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
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

from cryptography import x509
from django.conf import settings
from django.urls import reverse

from enishi.accounts.models import SignInService
from enishi.accounts.saml.keys import Pair
from enishi.core import clock

MAX_ANSWER = 400_000
MAX_METADATA = 1_000_000
_ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
# Neither the older padding of RSA nor triple DES: both let an attacker guess by trying.
_CIPHERS = {
    f"{_ENCRYPTION}rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    *(f"{_ENCRYPTION}aes{bits}-cbc" for bits in (128, 192, 256)),
    *(f"http://www.w3.org/2009/xmlenc11#aes{bits}-gcm" for bits in (128, 192, 256)),
}
_TRANSFORMS = {
    f"{_SIGNATURE}enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
}
BINDINGS = {
    "redirect": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
    "post": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
}
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
    """A message that is not believed. ``why``: "old", "declined", "sealed", "open", "fleeting", "unasked" or ""."""

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
    sign_out_url: str
    sign_out_answer_url: str
    sign_out_by: str


@dataclass(frozen=True)
class Named:
    """How a service calls somebody and a session of theirs; the fields of ``ServiceSession``."""

    name: str
    name_format: str
    name_qualifier: str
    our_qualifier: str
    number: str


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
    named: Named


def load() -> Any:
    """The library, where it is needed. Raises Unavailable."""
    try:
        import xmlsec
        from lxml import etree
        from onelogin.saml2 import (
            authn_request,
            constants,
            errors,
            idp_metadata_parser,
            logout_request,
            response,
            utils,
            xml_utils,
        )
        from onelogin.saml2 import settings as library_settings
    except Exception as error:
        # xmlsec raises an error of its own when it was built for another lxml.
        raise Unavailable(str(error)) from error
    return SimpleNamespace(
        AuthnRequest=authn_request.OneLogin_Saml2_Authn_Request,
        DEPRECATED=set(constants.OneLogin_Saml2_Constants.DEPRECATED_ALGORITHMS),
        Error=errors.OneLogin_Saml2_ValidationError,
        Leaving=logout_request.OneLogin_Saml2_Logout_Request,
        MetadataParser=idp_metadata_parser.OneLogin_Saml2_IdPMetadataParser,
        Response=response.OneLogin_Saml2_Response,
        Settings=library_settings.OneLogin_Saml2_Settings,
        Utils=utils.OneLogin_Saml2_Utils,
        XML=xml_utils.OneLogin_Saml2_XML,
        etree=etree,
        xmlsec=xmlsec,
    )


def available() -> bool:
    try:
        load()
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


def sign_out_url(slug: str) -> str:
    """Where a service asks that somebody be signed out, and answers when we have asked."""
    return settings.ENV.base_url + reverse("saml_leave", args=[slug])


def _config(service: SignInService, pair: Pair | None = None) -> dict[str, Any]:
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
            "privateKey": pair.key if pair else "",
            "x509cert": pair.certificate if pair else "",
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
    library = load()
    asked = library.AuthnRequest(library.Settings(_config(service)))
    mark = "&" if urlsplit(service.sign_in_url).query else "?"
    address = service.sign_in_url + mark + urlencode({"SAMLRequest": asked.get_request()})
    return address, asked.get_id()


def our_metadata(service: SignInService, pairs: Sequence[Pair]) -> bytes:
    """What a service can be set up from. While a key changes, either signs, and only the newer is to be encrypted for."""
    library = load()
    config = _config(service, pairs[0])
    config["sp"]["singleLogoutService"] = {"url": sign_out_url(service.slug), "binding": BINDINGS["redirect"]}
    metadata = library.Settings(config, sp_validation_only=True).get_sp_metadata()
    tree = library.XML.to_etree(metadata)
    descriptor = tree.find("{*}SPSSODescriptor")
    described = descriptor.findall("{*}KeyDescriptor")[-1]
    for pair in pairs[1:]:
        described.addnext(_described_key(library, described, pair, "signing"))
    described = descriptor.findall("{*}KeyDescriptor")[-1]
    described.addnext(_described_key(library, described, pairs[-1], "encryption"))
    by_redirect = descriptor.find("{*}SingleLogoutService")
    by_form = library.etree.Element(by_redirect.tag, {**by_redirect.attrib, "Binding": BINDINGS["post"]})
    by_redirect.addnext(by_form)
    return bytes(library.etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))


def _described_key(library: Any, like: Any, pair: Pair, use: str) -> Any:
    made = library.XML.to_etree(library.etree.tostring(like))
    made.set("use", use)
    next(made.iter(f"{{{_SIGNATURE}}}X509Certificate")).text = pair.certificate
    return made


def read_metadata(data: bytes) -> Described:
    """What a service's metadata says. Raises NotMetadata, with the reason in English."""
    library = load()
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
    leaving = _leaving(library, tree)
    described = Described(
        issuer=found.get("entityId", "").strip(),
        sign_in_url=found.get("singleSignOnService", {}).get("url", "").strip(),
        certificates=[certificate(text) for text in dict.fromkeys(given) if text],
        sign_out_url=leaving.get("Location", "").strip(),
        sign_out_answer_url=leaving.get("ResponseLocation", "").strip(),
        sign_out_by=leaving.get("by", "redirect"),
    )
    if not described.issuer or not described.sign_in_url or not described.certificates:
        raise NotMetadata("name, address for redirects or certificate missing")
    return described


def _leaving(library: Any, tree: Any) -> dict[str, str]:
    """Where and how a service wants to be asked to sign somebody out: by an address if it can be, else by a form."""
    for by, binding in BINDINGS.items():
        found = library.XML.query(
            tree, f"//md:IDPSSODescriptor/md:SingleLogoutService[@Binding='{binding}'][@Location]"
        )
        if found:
            return {**found[0].attrib, "by": by}
    return {}


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


def ends(certificates: Sequence[str]) -> list[dt.datetime]:
    """Until when each of them is meant to be used."""
    return [x509.load_der_x509_certificate(base64.b64decode(one)).not_valid_after_utc for one in certificates]


def read(service: SignInService, encoded: str, pairs: Sequence[Pair] = ()) -> Told:
    """What an answer says, once it is known to be the service's, for us, for now and for one question of ours.

    ``pairs`` are our keys, for answers that are encrypted. Raises Untrusted.
    """
    library = load()
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
    sealed = False
    try:
        tree = library.XML.to_etree(base64.b64decode(encoded))
        check_harmless(tree)
        sealed = next(tree.iter(f"{{{_ASSERTION}}}EncryptedAssertion"), None) is not None
        answer = _opened(library, service, encoded, pairs)
        if sealed:
            opened = answer.get_xml_document()
            library.etree.strip_tags(opened, library.etree.Comment)
            check_harmless(opened)
        answer.is_valid(here, raise_exceptions=True)
        if service.only_encrypted and not sealed:
            raise Untrusted("not encrypted", "open")
        return _told(service, answer)
    except Untrusted:
        raise
    except library.Error as error:
        raise Untrusted(str(error), _why(library.Error, error.code, sealed)) from error
    except Exception as error:
        # Broken base64, broken XML, a DTD, a key that fits nothing: the libraries below have no error in common.
        raise Untrusted(str(error), "sealed" if sealed else "") from error


def check_harmless(tree: Any) -> None:
    """Refuse what would let the library reach outside of the message, or calculate what has been broken.

    It follows all that before it knows whose message it is. Raises Untrusted.
    """
    for name in (f"{{{_SIGNATURE}}}Reference", f"{{{_SIGNATURE}}}RetrievalMethod"):
        if any(not one.get("URI", "").startswith("#") for one in tree.iter(name)):
            raise Untrusted("it points outside of itself")
    if next(tree.iter(f"{{{_ENCRYPTION}}}CipherReference"), None) is not None:
        raise Untrusted("what is encrypted stands elsewhere")
    if any(one.get("Algorithm") not in _TRANSFORMS for one in tree.iter(f"{{{_SIGNATURE}}}Transform")):
        raise Untrusted("a transform that no answer needs")
    for name in ("EncryptedData", "EncryptedKey"):
        for encrypted in tree.iter(f"{{{_ENCRYPTION}}}{name}"):
            method = encrypted.find(f"{{{_ENCRYPTION}}}EncryptionMethod")
            if method is None or method.get("Algorithm") not in _CIPHERS:
                raise Untrusted("encrypted in a way that is broken or not known")


def _opened(library: Any, service: SignInService, encoded: str, pairs: Sequence[Pair]) -> Any:
    """The answer, decrypted by whichever of our keys it was encrypted for."""
    for pair in pairs[:-1]:
        try:
            return library.Response(library.Settings(_config(service, pair)), encoded)
        except library.xmlsec.Error:
            continue
    return library.Response(library.Settings(_config(service, pairs[-1] if pairs else None)), encoded)


def _why(codes: Any, code: int, sealed: bool) -> str:
    if code == codes.STATUS_CODE_IS_NOT_SUCCESS:
        return "declined"
    if sealed:
        # One word for all that is found after decrypting: whoever could tell why would learn what stands in it.
        return "sealed"
    old = {codes.ASSERTION_TOO_EARLY, codes.ASSERTION_EXPIRED, codes.SESSION_EXPIRED, codes.RESPONSE_EXPIRED}
    return "old" if code in old else ""


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
        named=Named(
            name=name_id,
            name_format=name_format or "",
            name_qualifier=answer.get_nameid_nq() or "",
            our_qualifier=answer.get_nameid_spnq() or "",
            number=answer.get_session_index() or "",
        ),
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
        asked, until = data.get("InResponseTo"), moment(data.get("NotOnOrAfter"))
        if data.get("Recipient") == answer_url(service.slug) and until and until > clock.now():
            if asked:
                return asked, until
            unasked = True
    raise Untrusted("not confirmed for us, for now and for a question of ours", "unasked" if unasked else "")


def moment(text: str | None) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
