"""Text from a language model: any service that speaks the chat completions of OpenAI, asked once and not streamed.

The address was typed by somebody, so it is asked through ``core.outside``: only by HTTPS and never inside a private network, unless the
installation allows it. No redirect is followed, for the key would go with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.functional import Promise as Words
from django.utils.translation import gettext_lazy as _
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from enishi.core.outside import ForbiddenAddress, address_parts, session

CONNECT_S, SILENT_S, WHOLE_S = 5, 60, 120
"""Seconds to connect, without a byte, and for the whole answer."""
LARGEST = 1024 * 1024
PART = 8192


class GenerationError(Exception):
    """No text came; ``words`` say what is wrong and what to do, in the reader's language."""

    def __init__(self, words: Words) -> None:
        super().__init__(str(words))
        self.words = words


@dataclass(frozen=True)
class Service:
    """Where to ask, up to and without ``/chat/completions``, for which model, with which key (may be empty)."""

    address: str
    model: str
    key: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc


def address_of(typed: str) -> str:
    """An address as it is kept; raises GenerationError for one that cannot be asked. Its name is looked up when it is asked."""
    address = typed.strip().rstrip("/").removesuffix("/chat/completions")
    parts = address_parts(address)
    if parts is None or parts.query:
        raise GenerationError(_("This is no address. It looks like https://ai.example/v1."))
    if parts.scheme == "http" and not settings.ENV.private_services:
        raise GenerationError(_("The address must begin with https://."))
    return address


def generate(service: Service, messages: Sequence[Mapping[str, str]]) -> str:
    """The text that the service answers; raises GenerationError."""
    headers = {"Accept": "application/json"}
    if service.key:
        headers["Authorization"] = f"Bearer {service.key}"
    asked: dict[str, Any] = {
        "model": service.model,
        "messages": list(messages),
        "temperature": 0.2,
        "stream": False,
    }
    ends = time.monotonic() + WHOLE_S
    try:
        with (
            session() as asking,
            asking.post(
                f"{service.address}/chat/completions",
                json=asked,
                headers=headers,
                timeout=(CONNECT_S, SILENT_S),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            _refuse(answer.status_code)
            body = _body(answer, ends)
    except ForbiddenAddress:
        raise GenerationError(
            _("The address leads into a private network. ENISHI_PRIVATE_SERVICES=1 allows that.")
        ) from None
    except (requests.Timeout, ReadTimeoutError):
        raise GenerationError(_("The service did not answer in time. Try again later.")) from None
    except ProtocolError:
        raise GenerationError(_("The answer was cut off. Try again.")) from None
    except (requests.RequestException, HTTPError, OSError):
        raise GenerationError(_("The service cannot be reached. Check its address.")) from None
    return _text(body)


def _refuse(status: int) -> None:
    """Say what an answer without text means."""
    if status in {401, 403}:
        raise GenerationError(_("The service refuses the key. An administrator can enter another one."))
    if 300 <= status < 400:
        raise GenerationError(_("The service has moved to another address. Enter that one."))
    if status == 404:
        raise GenerationError(_("The service does not know this address or model."))
    if status == 429:
        raise GenerationError(_("The service has too much to do, or its quota is used up. Try again later."))
    if status >= 500:
        raise GenerationError(_("The service has a fault of its own. Try again later."))
    if status != 200:
        raise GenerationError(_("The service refuses the request. Check the name of the model."))


def _body(answer: requests.Response, ends: float) -> bytes:
    """The whole answer, of a bounded size and within a bounded time: a service may send a byte a minute."""
    found = bytearray()
    # Whatever has come, not a full part of it: who sends a byte at a time must not hold a worker.
    while part := answer.raw.read1(PART, decode_content=True):
        found += part
        if len(found) > LARGEST:
            raise GenerationError(_("The answer is much too long. Try again."))
        if time.monotonic() > ends:
            raise requests.Timeout
    return bytes(found)


def _text(body: bytes) -> str:
    try:
        read: Any = json.loads(body)
        choice = read["choices"][0]
        text, ended = choice["message"]["content"], choice.get("finish_reason")
    except (ValueError, LookupError, TypeError, AttributeError):
        raise GenerationError(_("The service answers something that is no text of a model.")) from None
    if not isinstance(text, str) or not text.strip():
        raise GenerationError(_("The service answers with an empty text. Try again."))
    if ended == "length":
        raise GenerationError(_("The answer was cut off. Try again."))
    return text.strip()
