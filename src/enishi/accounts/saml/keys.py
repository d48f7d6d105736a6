"""Key pairs of ours, with certificates signed by themselves: a service knows them from our metadata alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from enishi.core import clock

_BITS = 3072
_DAYS = 3650


@dataclass(frozen=True)
class Pair:
    """A private key in PEM and its certificate as base64 alone."""

    key: str
    certificate: str


def make(name: str) -> Pair:
    """A new pair; some services warn of a certificate that has run out, so it is meant for ten years."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Pair(private.decode(), "".join(pem.split("\n")[1:-2]))


def as_pem(bare: str) -> str:
    lines = [bare[at : at + 64] for at in range(0, len(bare), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----"])
