"""Asking servers whose address somebody typed: never one inside our own network, unless the installation allows it.

Sign-in services, the service that writes drafts, webhooks and mailboxes are asked through here; whatever else asks an address that
was typed should be too.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

TIMEOUT_S = 5
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(requests.RequestException):
    """The name leads to an address inside a private network, or is not asked by HTTPS."""


def address_parts(typed: str) -> SplitResult | None:
    """What somebody typed as an address, if it can be asked at all. The name is looked up when it is asked."""
    try:
        parts = urlsplit(typed.strip())
        odd = parts.username or parts.password or parts.fragment or parts.port == 0
    except ValueError:
        return None
    return parts if parts.scheme in {"https", "http"} and parts.hostname and not odd else None


def session() -> requests.Session:
    """A session that checks each address at the moment of connecting, also after a redirect."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 5
    guarded = _GuardedAdapter()
    made.mount("https://", guarded)
    made.mount("http://", guarded)
    return made


def connect(host: str, port: int, timeout: float) -> socket.socket:
    """A connection to a server that is not asked by HTTP; raises ForbiddenAddress, or OSError where nobody answers."""
    return socket.create_connection((_resolve(host, port), port), timeout)


def _resolve(host: str, port: int) -> str:
    """An address of that host; raises ForbiddenAddress when any of its addresses is not out on the internet."""
    found = [
        str(one[4][0]).partition("%")[0] for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    if not settings.ENV.private_services and not all(_is_outside(address) for address in found):
        raise ForbiddenAddress(host)
    return found[0]


def _is_outside(text: str) -> bool:
    address = ipaddress.ip_address(text)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_global and not address.is_multicast and address not in _NAT64


class _Guarded:
    """Connects to the address that was checked, so that a name cannot lead elsewhere in between."""

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        try:
            address = _resolve(connection._dns_host, connection.port)
            return create_connection((address, connection.port), connection.timeout)
        except OSError as error:
            raise NewConnectionError(connection, f"no connection: {error}") from error


class _GuardedHTTP(_Guarded, HTTPConnection):
    pass


class _GuardedHTTPS(_Guarded, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if not settings.ENV.private_services and not (request.url or "").startswith("https://"):
            raise ForbiddenAddress(request.url)
        parts = urlsplit(request.url or "")
        try:
            _resolve(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        except OSError as error:
            if isinstance(error, ForbiddenAddress):
                raise
            raise requests.ConnectionError(error) from error
        kwargs["timeout"] = kwargs.get("timeout") or TIMEOUT_S
        return super().send(request, *args, **kwargs)
