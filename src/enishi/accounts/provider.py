"""SAML among the providers that allauth knows. Its own views are not in use: they ask less of an answer."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.base import Provider, ProviderAccount
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from enishi.accounts import queries
from enishi.accounts.models import SignInService
from enishi.accounts.saml import protocol


class SamlAccount(ProviderAccount):  # type: ignore[misc]
    pass


class SamlProvider(Provider):  # type: ignore[misc]
    id = "saml"
    name = "SAML"
    account_class = SamlAccount
    supports_redirect = True
    # Where allauth looks for addresses of a provider.
    package = "enishi.accounts.saml"

    def __init__(self, request: HttpRequest, app: Any = None) -> None:
        super().__init__(request, app)
        self.name = self.app.name

    @property
    def service(self) -> SignInService | None:
        return queries.service_by_slug(self.app.provider_id)

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        return reverse("sign_in_with", args=[self.app.provider_id])

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if self.service is None:
            raise KeyError(self.app.provider_id)
        address, number = protocol.request(self.service)
        self.stash_redirect_state(request, process, next_url, data, state_id=number, **kwargs)
        return HttpResponseRedirect(address)

    # What allauth asks of an answer; ``told`` is what was kept of it between the two requests.
    def extract_uid(self, told: dict[str, Any]) -> str:
        return str(told["uid"])

    def extract_extra_data(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"id_token": {"sub": told["uid"], "email": told["email"], "name": told["name"]}}

    def extract_email_addresses(self, told: dict[str, Any]) -> list[EmailAddress]:
        if not told["email"]:
            return []
        return [EmailAddress(email=told["email"], verified=bool(told["verified"]), primary=True)]


provider_classes = [SamlProvider]
