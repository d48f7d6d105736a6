"""Where allauth asks for the organisation's rules: nobody signs up alone, secrets are encrypted, mail is in one's language."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from enishi.accounts import queries, services
from enishi.accounts.access import Via, system_actor
from enishi.accounts.sealing import seal, unseal

_PURPOSE = "second factor"


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(
            request.META.get("REMOTE_ADDR", ""),
            request.headers.get("X-Forwarded-For", ""),
            settings.ENV.trusted_proxies,
        )

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        services.note_failed_sign_in(
            system_actor("sign-in", via=Via.WEB),
            email=str(credentials.get("email", "")),
            address=self.get_client_ip(request),
            agent=request.headers.get("User-Agent", ""),
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        # Who asks for the mail may sit at a page in another language than the person who receives it.
        with translation.override(queries.language_of(email)):
            super().send_mail(template_prefix, email, {"organisation": queries.organisation(), **context})


def client_address(peer: str, forwarded: str, trusted: Iterable[IPv4Network | IPv6Network]) -> str:
    """The address of the browser: the last one on the way that is not one of our own proxies."""
    networks = tuple(trusted)
    for part in [peer, *reversed([part.strip() for part in forwarded.split(",") if part.strip()])]:
        try:
            address = ip_address(part)
        except ValueError:
            break
        peer = part
        if not any(address in network for network in networks):
            break
    # allauth counts tries by address and keeps it with the session: it must be one, also behind a socket.
    return peer or "127.0.0.1"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return seal(text, _PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, _PURPOSE)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last second factor stays where the organisation, or a role, asks for one."""
        return queries.has_second_factor(
            authenticator.user, besides=authenticator
        ) or not queries.needs_second_factor(authenticator.user)
