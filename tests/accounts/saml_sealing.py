"""What an identity provider does with keys, by another library than the product's: encrypting, and signing what it says."""

from __future__ import annotations

import base64
import os
import zlib
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

XENC = "http://www.w3.org/2001/04/xmlenc#"
DS = "http://www.w3.org/2000/09/xmldsig#"
OAEP, OLD_PADDING = f"{XENC}rsa-oaep-mgf1p", f"{XENC}rsa-1_5"
GCM, CBC, TRIPLE = "http://www.w3.org/2009/xmlenc11#aes256-gcm", f"{XENC}aes256-cbc", f"{XENC}tripledes-cbc"
SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA1 = f"{DS}rsa-sha1"


def certificate(bare: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(bare))


def sealed(plain: bytes, bare: str, *, by: str = GCM, wrapped: str = OAEP) -> str:
    """EncryptedData that only the key of that certificate opens."""
    secret, start = os.urandom(24 if by == TRIPLE else 32), os.urandom(8 if by == TRIPLE else 16)
    if by == GCM:
        start = start[:12]
        hidden = AESGCM(secret).encrypt(start, plain, None)
    else:
        size = 8 if by == TRIPLE else 16
        missing = size - len(plain) % size
        cipher = TripleDES if by == TRIPLE else algorithms.AES
        encryptor = Cipher(cipher(secret), modes.CBC(start)).encryptor()
        hidden = encryptor.update(plain + b"\0" * (missing - 1) + bytes([missing])) + encryptor.finalize()
    key: Any = certificate(bare).public_key()
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    carried = key.encrypt(secret, oaep if wrapped == OAEP else padding.PKCS1v15())

    def value(data: bytes) -> str:
        text = base64.b64encode(data).decode()
        return f"<xenc:CipherData><xenc:CipherValue>{text}</xenc:CipherValue></xenc:CipherData>"

    return (
        f'<xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element"><xenc:EncryptionMethod Algorithm="{by}"/>'
        f'<ds:KeyInfo xmlns:ds="{DS}"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{wrapped}"/>'
        f"{value(carried)}</xenc:EncryptedKey></ds:KeyInfo>{value(start + hidden)}</xenc:EncryptedData>"
    )


def replaced(element: etree._Element, kind: str, namespace: str, data: str) -> None:
    """Put what is encrypted where the element stood."""
    wrapper = etree.Element(f"{{{namespace}}}{kind}")
    wrapper.append(etree.fromstring(data))
    element.getparent().replace(element, wrapper)


def query(
    field: str, xml: bytes, key: Any, *, relay: str = "", algorithm: str = SHA256, sign: bool = True
) -> str:
    """A message in an address, signed as it stands there."""
    packed = base64.b64encode(zlib.compress(xml)[2:-4]).decode()
    parts = [f"{field}={quote_plus(packed)}", *([f"RelayState={quote_plus(relay)}"] if relay else [])]
    if not sign:
        return "&".join(parts)
    signed = "&".join([*parts, f"SigAlg={quote_plus(algorithm)}"])
    digest = hashes.SHA1() if algorithm == SHA1 else hashes.SHA256()
    signature = key.sign(signed.encode(), padding.PKCS1v15(), digest)
    return f"{signed}&Signature={quote_plus(base64.b64encode(signature).decode())}"


def is_signed(query: str, bare: str) -> bool:
    """Whether a query of ours was signed by the key of that certificate."""
    signed, _mark, signature = query.partition("&Signature=")
    key: Any = certificate(bare).public_key()
    key.verify(
        base64.b64decode(unquote_plus(signature)), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    return True


def pem(bare: str) -> str:
    return certificate(bare).public_bytes(serialization.Encoding.PEM).decode()
