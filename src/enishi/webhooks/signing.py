"""What is sent, signed as Standard Webhooks says: https://www.standardwebhooks.com (v1, HMAC-SHA256)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from enishi.core.outside import ForbiddenAddress, session

CONNECT_S, SILENT_S, WHOLE_S = 5, 10, 15
"""Seconds to connect, without a byte, and for everything."""
READ = 2048
"""So much of an answer is looked at."""


@dataclass(frozen=True)
class Answer:
    """The status and the beginning of an answer; or, without a status, in a word why there was none."""

    status: int | None
    text: str = ""
    trouble: str = ""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def signed(message_id: str, at: dt.datetime, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The headers of a message, with a signature for each secret: while one is renewed there are two."""
    stamp = str(int(at.timestamp()))
    content = f"{message_id}.{stamp}.".encode() + body
    keys = [base64.b64decode(secret.partition("_")[2]) for secret in secrets]
    digests = [hmac.new(key, content, hashlib.sha256).digest() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in digests),
    }


def body_of(kind: str, at: dt.datetime, data: Mapping[str, object]) -> bytes:
    stamp = at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": stamp, "data": data}, ensure_ascii=False).encode()


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send one message. No redirect is followed: it would lead past the address that was checked."""
    found: list[Answer] = []
    # Timeouts of a socket begin anew with every byte: who drips an answer must not hold the worker.
    asking = threading.Thread(target=lambda: found.append(_ask(address, body, headers)), daemon=True)
    asking.start()
    asking.join(WHOLE_S)
    return found[0] if found else Answer(None, trouble="timeout")


def _ask(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    sent = {
        "Content-Type": "application/json",
        "User-Agent": "Enishi webhooks",
        "Accept-Encoding": "identity",
        **headers,
    }
    try:
        with (
            session() as asking,
            asking.post(
                address,
                data=body,
                headers=sent,
                timeout=(CONNECT_S, SILENT_S),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            text = answer.raw.read(READ, decode_content=False).decode("utf-8", "replace")
            return Answer(answer.status_code, " ".join(text.replace("\x00", "").split())[:300])
    except ForbiddenAddress:
        return Answer(None, trouble="private")
    except (requests.Timeout, ReadTimeoutError):
        return Answer(None, trouble="timeout")
    except (requests.RequestException, HTTPError, OSError, ValueError):
        return Answer(None, trouble="unreached")
