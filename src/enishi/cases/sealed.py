"""What is kept but never shown: encrypted with a key that is drawn from the installation's own secret."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def _box() -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"enishi cases news").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str) -> bytes:
    return _box().encrypt(text.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """The text again; empty when the installation's secret has changed since."""
    try:
        return _box().decrypt(bytes(sealed)).decode()
    except InvalidToken:
        return ""
