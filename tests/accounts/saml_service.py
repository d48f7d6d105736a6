"""A SAML identity provider as a real server: reads questions, signs answers with another library than the product's."""

from __future__ import annotations

import base64
import datetime as dt
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner, algorithms, methods

from accounts.saml_sealing import GCM, OAEP, replaced, sealed

P = "urn:oasis:names:tc:SAML:2.0:protocol"
A = "urn:oasis:names:tc:SAML:2.0:assertion"
NS = {"p": P, "a": A, "ds": "http://www.w3.org/2000/09/xmldsig#"}
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


class _Sha1Signer(XMLSigner):
    def check_deprecated_methods(self) -> None: ...


@dataclass
class Key:
    """A key with a certificate signed by itself."""

    key: rsa.RSAPrivateKey
    certificate: bytes

    @property
    def bare(self) -> str:
        return "".join(self.certificate.decode().splitlines()[1:-1])


def make_key(name: str) -> Key:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2036, 1, 1, tzinfo=dt.UTC))
        .sign(key, hashes.SHA256())
    )
    return Key(key, made.public_bytes(serialization.Encoding.PEM))


@dataclass(frozen=True)
class Answer:
    """What the provider says; every part can be told to be wrong, None leaves it out."""

    uid: str = "7f3c"
    uid_format: str = PERSISTENT
    attributes: dict[str, str] = field(
        default_factory=lambda: {"mail": "aoi@kazami.example", "displayName": "Aoi Tachibana"}
    )
    issuer: str | None = None
    audience: str | None = "as asked"
    recipient: str | None = "as asked"
    destination: str | None = "as asked"
    in_response_to: str | None = "as asked"
    confirmed_for: str | None = "as asked"
    seconds: int | None = 300
    begins: int = -5
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    sign: str = "assertion"
    algorithm: Any = algorithms.SignatureMethod.RSA_SHA256
    digest: Any = algorithms.DigestAlgorithm.SHA256
    key: Key | None = None
    id: str = ""
    number: str | None = "_session-1"
    # The certificate to encrypt for, and how; ``tamper`` changes what is encrypted after it was signed.
    seal: str = ""
    sealed_by: str = GCM
    wrapped_by: str = OAEP
    tamper: Callable[[bytes], bytes] = bytes


@dataclass
class Service:
    """The provider, at the address where it runs."""

    address: str
    key: Key
    answers: Answer = field(default_factory=Answer)
    asked: dict[str, str] = field(default_factory=dict)
    describes: bytes | None = None
    # What it was last asked about signing out: the message, how it came and what stands in it.
    left: dict[str, Any] = field(default_factory=dict)
    leaves_by: tuple[str, ...] = ("Redirect", "POST")

    @property
    def issuer(self) -> str:
        return f"{self.address}/idp"

    def metadata(self, *keys: Key, issuer: str = "") -> bytes:
        certificates = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{NS["ds"]}"><ds:X509Data><ds:X509Certificate>'
            f"{one.bare}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for one in keys or (self.key,)
        )
        leaving = "".join(
            f'<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{by}" '
            f'Location="{self.address}/slo" ResponseLocation="{self.address}/slo/done"/>'
            for by in self.leaves_by
        )
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{issuer or self.issuer}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{P}">{certificates}{leaving}<md:SingleSignOnService '
            'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{self.address}/sso?tenant=kazami&amp;x=1"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        ).encode()

    def read(self, query: str) -> None:
        """Keep what the latest question says."""
        packed = parse_qs(query)["SAMLRequest"][0]
        question = etree.fromstring(zlib.decompress(base64.b64decode(packed), -15))
        self.asked = {
            "id": question.get("ID"),
            "acs": question.get("AssertionConsumerServiceURL"),
            "issuer": question.findtext(f"{{{A}}}Issuer").strip(),
            "destination": question.get("Destination"),
        }

    def hear(self, method: str, path: str, query: str) -> None:
        """Keep what it was last told or asked about signing out."""
        given = {name: values[0] for name, values in parse_qs(query).items()}
        packed = base64.b64decode(given.get("SAMLRequest") or given["SAMLResponse"])
        tree = etree.fromstring(packed if method == "POST" else zlib.decompress(packed, -15))
        self.left = {"tree": tree, "method": method, "path": path, "query": query, **given}

    def message(self, kind: str, to: str, **said: Any) -> bytes:
        """A LogoutRequest or a LogoutResponse, not signed yet; None leaves a part out."""
        tree = etree.Element(f"{{{P}}}{kind}", nsmap={"p": P, "a": A})
        _set(
            tree, ID=said.get("id") or _id(), Version="2.0", IssueInstant=_at(said.get("seconds", 0)),
            Destination=to or None, NotOnOrAfter=said.get("until"), InResponseTo=said.get("in_response_to"),
        )  # fmt: skip
        etree.SubElement(tree, f"{{{A}}}Issuer").text = said.get("issuer") or self.issuer
        if kind == "LogoutResponse":
            status = etree.SubElement(tree, f"{{{P}}}Status")
            _set(etree.SubElement(status, f"{{{P}}}StatusCode"), Value=said["status"])
            return etree.tostring(tree)
        name = etree.SubElement(tree, f"{{{A}}}NameID", Format=PERSISTENT)
        _set(name, SPNameQualifier=said.get("qualifier"))
        name.text = said.get("uid", "7f3c")
        for number in said.get("numbers", ["_session-1"]):
            etree.SubElement(tree, f"{{{P}}}SessionIndex").text = number
        if seal := said.get("seal"):
            replaced(name, "EncryptedID", A, sealed(etree.tostring(name), seal))
        return etree.tostring(tree)

    def signed_form(self, xml: bytes, key: Key | None = None, **how: Any) -> etree._Element:
        """The same with a signature inside, as it goes by a form."""
        tree = etree.fromstring(xml)
        mark = etree.Element(f"{{{NS['ds']}}}Signature", Id="placeholder")
        tree.insert(1, mark)
        return self._signed(tree, replace(self.answers, key=key, **how))

    def answer(self, **changed: Any) -> bytes:
        return etree.tostring(self.tree(**changed))

    def tree(self, **changed: Any) -> etree._Element:
        said = replace(self.answers, **changed)

        def as_asked(value: str | None, asked: str) -> str | None:
            return self.asked.get(asked, "") if value == "as asked" else value

        audience = as_asked(said.audience, "issuer")
        confirmed = {
            "InResponseTo": as_asked(said.confirmed_for, "id"),
            "Recipient": as_asked(said.recipient, "acs"),
            "NotOnOrAfter": _at(said.seconds) if said.seconds is not None else None,
        }
        response = etree.Element(f"{{{P}}}Response", nsmap={"p": P, "a": A})
        _set(
            response, ID=_id(), Version="2.0", IssueInstant=_at(0),
            Destination=as_asked(said.destination, "acs"), InResponseTo=as_asked(said.in_response_to, "id"),
        )  # fmt: skip
        etree.SubElement(response, f"{{{A}}}Issuer").text = said.issuer or self.issuer
        status = etree.SubElement(response, f"{{{P}}}Status")
        _set(etree.SubElement(status, f"{{{P}}}StatusCode"), Value=said.status)
        assertion = etree.SubElement(response, f"{{{A}}}Assertion")
        _set(assertion, ID=said.id or _id(), Version="2.0", IssueInstant=_at(0))
        etree.SubElement(assertion, f"{{{A}}}Issuer").text = said.issuer or self.issuer
        if said.sign in {"assertion", "both"}:
            _set(etree.SubElement(assertion, f"{{{NS['ds']}}}Signature"), Id="placeholder")
        subject = etree.SubElement(assertion, f"{{{A}}}Subject")
        name = etree.SubElement(subject, f"{{{A}}}NameID", Format=said.uid_format)
        name.text = said.uid
        confirmation = etree.SubElement(
            subject, f"{{{A}}}SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"
        )
        _set(etree.SubElement(confirmation, f"{{{A}}}SubjectConfirmationData"), **confirmed)
        conditions = etree.SubElement(
            assertion, f"{{{A}}}Conditions", NotBefore=_at(said.begins), NotOnOrAfter=_at(said.seconds or 300)
        )
        if audience is not None:
            restriction = etree.SubElement(conditions, f"{{{A}}}AudienceRestriction")
            etree.SubElement(restriction, f"{{{A}}}Audience").text = audience
        statement = etree.SubElement(assertion, f"{{{A}}}AuthnStatement", AuthnInstant=_at(0))
        _set(statement, SessionIndex=said.number)
        context = etree.SubElement(statement, f"{{{A}}}AuthnContext")
        etree.SubElement(context, f"{{{A}}}AuthnContextClassRef").text = f"{A}:ac:classes:Password"
        if said.attributes:
            given = etree.SubElement(assertion, f"{{{A}}}AttributeStatement")
            for key, value in said.attributes.items():
                one = etree.SubElement(given, f"{{{A}}}Attribute", Name=key)
                etree.SubElement(one, f"{{{A}}}AttributeValue").text = value
        if said.sign in {"assertion", "both"}:
            signed = self._signed(assertion, said)
            response.replace(assertion, signed)
        if said.sign == "response":
            mark = etree.Element(f"{{{NS['ds']}}}Signature", Id="placeholder")
            response.insert(1, mark)
            response = self._signed(response, said)
        if said.seal:
            inner = response.find("a:Assertion", NS)
            plain = said.tamper(etree.tostring(inner))
            data = sealed(plain, said.seal, by=said.sealed_by, wrapped=said.wrapped_by)
            replaced(inner, "EncryptedAssertion", A, data)
        return response

    def _signed(self, element: etree._Element, said: Answer) -> etree._Element:
        key = said.key or self.key
        signer = _Sha1Signer(
            method=methods.enveloped,
            signature_algorithm=said.algorithm,
            digest_algorithm=said.digest,
            c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        )
        alone = etree.fromstring(etree.tostring(element))
        return signer.sign(alone, key=key.key, cert=key.certificate.decode(), reference_uri=alone.get("ID"))


def _set(element: etree._Element, **values: str | None) -> None:
    for name, value in values.items():
        if value is not None:
            element.set(name, value)


def _id() -> str:
    return f"_{uuid.uuid4().hex}"


def _at(seconds: int) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def running(host: str = "localhost") -> Iterator[Service]:
    """The provider on a free port of that name until the block ends."""
    service = Service("", make_key("Kazami identities"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/slo"):
                service.hear("GET", parts.path, parts.query)
                body = b"<p>Heard</p>"
            elif parts.path == "/metadata":
                body = service.describes or service.metadata()
            else:
                service.read(parts.query)
                packed = base64.b64encode(service.answer()).decode()
                body = (
                    f'<form method="post" action="{service.asked["acs"]}">'
                    f'<input type="hidden" name="SAMLResponse" value="{packed}"><button>Be Aoi</button></form>'
                ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml" if parts.path == "/metadata" else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            service.hear("POST", self.path, self.rfile.read(length).decode())
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((host, 0), Handler)
    service.address = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
