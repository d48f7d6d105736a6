"""Single logout of SAML by the browser: what we ask and answer, and reading what a service asks and answers.

The library reads such messages only from addresses and lets them leave out what makes them safe. Here each must be signed by the
service, name us as where it goes, and be of now.
"""

from __future__ import annotations

import base64
import datetime as dt
import secrets
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest

from enishi.accounts.models import ServiceSession, SignInService
from enishi.accounts.saml import protocol
from enishi.accounts.saml.keys import Pair, as_pem
from enishi.accounts.saml.protocol import Untrusted
from enishi.core import clock

_P = "urn:oasis:names:tc:SAML:2.0:protocol"
_A = "urn:oasis:names:tc:SAML:2.0:assertion"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_SIGNED_BY = {f"{_MORE}rsa-sha256", f"{_MORE}rsa-sha384", f"{_MORE}rsa-sha512"}
_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
# How far clocks may be apart, and for how long a message counts.
FRESH = dt.timedelta(minutes=5)
ANSWER_S = 900
_MAX_RELAY = 2000


@dataclass(frozen=True)
class Message:
    """What a browser carries to a service: in the address alone, or in a form with these fields."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Asked:
    """What a service asks: to end these sessions of somebody, or without any all that it began."""

    id: str
    name: str
    name_qualifier: str
    numbers: tuple[str, ...]
    until: dt.datetime
    relay: str


def ask(service: SignInService, pair: Pair, session: ServiceSession) -> Message:
    """Ask a service to sign somebody out who signs out here."""
    library = protocol.load()
    # We are nobody's session any more when the answer comes: the number itself shows that it is ours, and how old.
    number = _signer(service).sign(f"_{secrets.token_hex(8)}")
    tree = _begun(library, service, "LogoutRequest", service.sign_out_url, number)
    name = library.etree.SubElement(tree, f"{{{_A}}}NameID")
    name.text = session.name
    given = {
        "Format": session.name_format,
        "NameQualifier": session.name_qualifier,
        "SPNameQualifier": session.our_qualifier,
    }
    name.attrib.update({key: value for key, value in given.items() if value})
    if session.number:
        library.etree.SubElement(tree, f"{{{_P}}}SessionIndex").text = session.number
    return _sent(library, service, pair, tree, "SAMLRequest", "")


def answer(service: SignInService, pair: Pair, asked: Asked) -> Message:
    """Tell a service that it was done."""
    library = protocol.load()
    address = service.sign_out_answer_url or service.sign_out_url
    tree = _begun(library, service, "LogoutResponse", address, f"_{secrets.token_hex(16)}")
    tree.set("InResponseTo", asked.id)
    status = library.etree.SubElement(tree, f"{{{_P}}}Status")
    library.etree.SubElement(status, f"{{{_P}}}StatusCode", Value=f"{_STATUS}Success")
    return _sent(library, service, pair, tree, "SAMLResponse", asked.relay)


def _begun(library: Any, service: SignInService, kind: str, address: str, number: str) -> Any:
    tree = library.etree.Element(f"{{{_P}}}{kind}", nsmap={"samlp": _P, "saml": _A})
    tree.set("ID", number)
    tree.set("Version", "2.0")
    tree.set("IssueInstant", clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    tree.set("Destination", address)
    library.etree.SubElement(tree, f"{{{_A}}}Issuer").text = protocol.entity_id(service.slug)
    return tree


def _sent(library: Any, service: SignInService, pair: Pair, tree: Any, field: str, relay: str) -> Message:
    address, xml = tree.get("Destination"), library.etree.tostring(tree)
    more = {"RelayState": relay} if relay else {}
    if service.sign_out_by == SignInService.Binding.POST:
        signed = library.Utils.add_sign(xml, pair.key, as_pem(pair.certificate))
        return Message(address, {field: base64.b64encode(signed).decode(), **more})
    packed = base64.b64encode(zlib.compress(xml)[2:-4]).decode()
    query = urlencode({field: packed, **more, "SigAlg": f"{_MORE}rsa-sha256"})
    signature = base64.b64encode(library.Utils.sign_binary(query, pair.key)).decode()
    mark = "&" if urlsplit(address).query else "?"
    return Message(f"{address}{mark}{query}&{urlencode({'Signature': signature})}", {})


def read_request(service: SignInService, pairs: Sequence[Pair], request: HttpRequest) -> Asked:
    """What a service asks. ``pairs`` are our keys, for names that are encrypted. Raises Untrusted."""
    library = protocol.load()
    tree, relay = _read(library, service, request, "SAMLRequest", "LogoutRequest")
    with _Doubt(library):
        named = _named(library, tree, pairs)
    if named.get("SPNameQualifier", "") not in {"", protocol.entity_id(service.slug)}:
        raise Untrusted("the name is one for somebody else")
    return Asked(
        id=tree.get("ID"),
        name=(named["Value"] or "").strip(),
        name_qualifier=named.get("NameQualifier", ""),
        numbers=tuple((one.text or "").strip() for one in tree.findall(f"{{{_P}}}SessionIndex")),
        until=clock.now() + 2 * FRESH,
        relay=relay,
    )


def read_answer(service: SignInService, request: HttpRequest) -> bool:
    """Whether a service has signed somebody out everywhere, in answer to us. Raises Untrusted."""
    library = protocol.load()
    tree, _relay = _read(library, service, request, "SAMLResponse", "LogoutResponse")
    try:
        _signer(service).unsign(tree.get("InResponseTo") or "", max_age=ANSWER_S)
    except BadSignature as error:
        raise Untrusted(f"not an answer to us, or too late: {error!r}") from None
    codes = [one.get("Value") for one in tree.iter(f"{{{_P}}}StatusCode")]
    return codes[:1] == [f"{_STATUS}Success"] and f"{_STATUS}PartialLogout" not in codes


def _signer(service: SignInService) -> TimestampSigner:
    return TimestampSigner(salt=f"saml sign-out {service.slug}", sep=".")


class _Doubt:
    """Whatever goes wrong while something is read that came from outside means that it is not believed."""

    def __init__(self, library: Any) -> None:
        self.library = library

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, Untrusted):
            raise Untrusted(str(error)) from error


def _read(
    library: Any, service: SignInService, request: HttpRequest, field: str, kind: str
) -> tuple[Any, str]:
    """The message that a request brings, once it is known to be the service's, for us and of now; and what goes with it."""
    with _Doubt(library):
        if request.method == "POST":
            tree = _by_form(library, service, request.POST.get(field, ""), kind)
            relay = request.POST.get("RelayState", "")
        else:
            tree = _by_address(library, service, request.META.get("QUERY_STRING", ""), field)
            relay = request.GET.get("RelayState", "")
        _check(library, service, tree, kind)
    return tree, relay if len(relay) <= _MAX_RELAY else ""


def _by_address(library: Any, service: SignInService, query: str, field: str) -> Any:
    """Signed as the parts of the address stand there, letter by letter."""
    parts = [one.partition("=") for one in query.split("&")]
    given = {name: value for name, _mark, value in parts}
    if len(given) != len(parts) or len(query) > protocol.MAX_ANSWER:
        raise Untrusted("a part comes twice, or it is too large")
    algorithm = unquote_plus(given.get("SigAlg", ""))
    if algorithm not in _SIGNED_BY or "Signature" not in given:
        raise Untrusted("not signed, or in a way that is broken")
    signed = "&".join(f"{name}={given[name]}" for name in (field, "RelayState", "SigAlg") if name in given)
    signature = base64.b64decode(unquote_plus(given["Signature"]))
    if not any(
        library.Utils.validate_binary_sign(signed, signature, as_pem(one), algorithm)
        for one in service.certificates
    ):
        raise Untrusted("not signed by the service")
    unpacker = zlib.decompressobj(-15)
    xml = unpacker.decompress(base64.b64decode(unquote_plus(given[field])), protocol.MAX_ANSWER)
    if not unpacker.eof:
        raise Untrusted("too large when unpacked, or cut off")
    tree = library.XML.to_etree(xml)
    protocol.check_harmless(tree)
    return tree


def _by_form(library: Any, service: SignInService, encoded: str, kind: str) -> Any:
    """Signed inside: one signature, of the whole message and of nothing else."""
    if len(encoded) > protocol.MAX_ANSWER:
        raise Untrusted("too large")
    tree = library.XML.to_etree(base64.b64decode(encoded))
    protocol.check_harmless(tree)
    number = tree.get("ID") or ""
    references = [one.get("URI") for one in tree.iter(f"{{{_DS}}}Reference")]
    signatures = list(tree.iter(f"{{{_DS}}}Signature"))
    same = [one for one in tree.iter() if one.get("ID") == number]
    if not number or references != [f"#{number}"] or len(signatures) != 1 or len(same) != 1:
        raise Untrusted("not signed as a whole")
    methods = [*tree.iter(f"{{{_DS}}}SignatureMethod"), *tree.iter(f"{{{_DS}}}DigestMethod")]
    if any(one.get("Algorithm") in library.DEPRECATED for one in methods):
        raise Untrusted("signed in a way that is broken")
    keys = [as_pem(one) for one in service.certificates]
    if not library.Utils.validate_sign(tree, xpath=f"/samlp:{kind}/ds:Signature", multicerts=keys):
        raise Untrusted("not signed by the service")
    return tree


def _check(library: Any, service: SignInService, tree: Any, kind: str) -> None:
    if isinstance(library.XML.validate_xml(tree, "saml-schema-protocol-2.0.xsd"), str):
        raise Untrusted("not a message of SAML")
    if tree.tag != f"{{{_P}}}{kind}" or tree.get("Version") != "2.0":
        raise Untrusted("another message than it says")
    if tree.get("Destination") != protocol.sign_out_url(service.slug):
        raise Untrusted("meant for somebody else")
    if _texts(tree.findall(f"{{{_A}}}Issuer")) != [service.issuer]:
        raise Untrusted("said by somebody else")
    said, until = protocol.moment(tree.get("IssueInstant")), tree.get("NotOnOrAfter")
    if said is None or abs(clock.now() - said) > FRESH:
        raise Untrusted("not of now", "old")
    if until and (protocol.moment(until) or clock.now()) <= clock.now():
        raise Untrusted("it has run out", "old")


def _texts(found: Iterable[Any]) -> list[str]:
    return [(one.text or "").strip() for one in found]


def _named(library: Any, tree: Any, pairs: Sequence[Pair]) -> dict[str, str]:
    if tree.find(f"{{{_A}}}EncryptedID") is None:
        named: dict[str, str] = library.Leaving.get_nameid_data(tree)
        return named
    for pair in pairs:
        try:
            opened: dict[str, str] = library.Leaving.get_nameid_data(tree, pair.key)
        except library.xmlsec.Error:
            continue
        return opened
    raise Untrusted("the name is not encrypted for us")
