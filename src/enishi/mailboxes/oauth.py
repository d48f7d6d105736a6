"""Asking a sign-in service for tokens (OAuth 2.0, RFC 6749 with PKCE): within limits of size and time, never inside our own network."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import requests
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from enishi.core import clock, text
from enishi.core.outside import ForbiddenAddress, session
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Mailbox, Provider, Trouble

WAIT_S = 10
BYTES = 64 * 2**10
USUAL = dt.timedelta(hours=1)
"""So long a token is good of which the service does not say it."""
_OVER = frozenset(
    {"invalid_grant", "interaction_required", "consent_required", "login_required", "access_denied"}
)
_CLIENT = frozenset({"invalid_client", "unauthorized_client"})


@dataclass(frozen=True)
class Known:
    """What everybody's accounts at a well-known provider have in common."""

    authorize_url: str
    token_url: str
    scope: str
    extra: tuple[tuple[str, str], ...]
    imap: tuple[str, int, str]
    smtp: tuple[str, int, str]


_TLS, _STARTTLS = Mailbox.Security.TLS, Mailbox.Security.STARTTLS
KNOWN = {
    Provider.Kind.MICROSOFT: Known(
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
        (("prompt", "select_account"),),
        ("outlook.office365.com", 993, _TLS),
        ("smtp.office365.com", 587, _STARTTLS),
    ),
    Provider.Kind.GOOGLE: Known(
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        "https://mail.google.com/",
        # Without both, a second sign-in would give nothing that lasts.
        (("access_type", "offline"), ("prompt", "consent")),
        ("imap.gmail.com", 993, _TLS),
        ("smtp.gmail.com", 465, _TLS),
    ),
}


@dataclass(frozen=True)
class Client:
    """Where a service is asked, and as whom."""

    authorize_url: str
    token_url: str
    scope: str
    extra: tuple[tuple[str, str], ...]
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Given:
    """What a service gave; ``refresh`` is empty where it goes on with the one it gave before."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: dt.datetime


def begin(client: Client, *, state: str, back: str, user: str) -> tuple[str, str]:
    """Where to sign in, and the secret by which only we can fetch what comes of it. Raises Failed for an unsafe address."""
    asking = WebApplicationClient(client.client_id)
    verifier = asking.create_code_verifier(64)
    try:
        url = asking.prepare_request_uri(
            client.authorize_url,
            redirect_uri=back,
            scope=client.scope,
            state=state,
            code_challenge=asking.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
            login_hint=user,
            **dict(client.extra),
        )
    except OAuth2Error:
        raise Failed(Trouble.PRIVATE) from None
    return url, verifier


def fetch(client: Client, *, code: str, verifier: str, back: str) -> Given:
    """The first tokens, for the code that the browser brought back. Raises Failed."""
    asking = WebApplicationClient(client.client_id)
    return _ask(client, asking.prepare_request_body(code=code, redirect_uri=back, code_verifier=verifier))


def renew(client: Client, refresh: str) -> Given:
    """The next tokens. Raises Failed."""
    asking = WebApplicationClient(client.client_id)
    # Without a scope, all that was allowed: less than asked for may have been.
    return _ask(client, asking.prepare_refresh_body(refresh_token=refresh, client_id=client.client_id))


def _ask(client: Client, body: str) -> Given:
    fields = dict(parse_qsl(body))
    if client.secret:
        fields["client_secret"] = client.secret
    try:
        with session() as outside:
            answer = outside.post(
                client.token_url,
                data=fields,
                headers={"Accept": "application/json"},
                allow_redirects=False,
                stream=True,
            )
            said = _read(answer)
    except ForbiddenAddress:
        raise Failed(Trouble.PRIVATE) from None
    except (requests.RequestException, OSError, ValueError):
        raise Failed(Trouble.SERVICE) from None
    if answer.status_code >= 500:
        raise Failed(Trouble.SERVICE, f"HTTP {answer.status_code}")
    try:
        told = WebApplicationClient(client.client_id).parse_request_body_response(said)
        return _given(told)
    except OAuth2Error as error:
        trouble = _trouble(error)
        # Where the trouble says it already, the bare code would only puzzle.
        code = error.error or "" if trouble == Trouble.SERVICE else ""
        raise Failed(trouble, harmless(error.description or code, client)) from None
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise Failed(Trouble.SERVICE, f"HTTP {answer.status_code}") from None


def _read(answer: requests.Response) -> str:
    ends, said = time.monotonic() + WAIT_S, b""
    while piece := answer.raw.read1(BYTES, decode_content=True):
        said += piece
        if len(said) > BYTES or time.monotonic() > ends:
            raise ValueError("too long an answer")
    return said.decode()


def _given(told: Any) -> Given:
    access, refresh, lasts = told["access_token"], told.get("refresh_token") or "", told.get("expires_in")
    if not isinstance(access, str) or not isinstance(refresh, str) or not access.isascii() or not access:
        raise ValueError("no token")
    return Given(access, refresh, clock.now() + (dt.timedelta(seconds=int(lasts)) if lasts else USUAL))


def _trouble(error: OAuth2Error) -> Trouble:
    if error.error in _OVER:
        return Trouble.SIGN_IN
    return Trouble.CLIENT if error.error in _CLIENT else Trouble.SERVICE


def harmless(said: str, client: Client) -> str:
    """The words of a service on one line, never with the secret."""
    said = said.replace(client.secret, "…") if client.secret else said
    return " ".join(text.strip_bidi(text.clean(said)).split())[:300]
