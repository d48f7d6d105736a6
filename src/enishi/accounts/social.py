"""Where allauth asks for the organisation's sign-in services, and who of those that come back is let in."""

from __future__ import annotations

from typing import Any

import requests
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enishi.accounts import queries, services
from enishi.accounts.access import Via, system_actor
from enishi.accounts.models import SignIn, SignInService
from enishi.accounts.requests import PENDING_TIE
from enishi.core import outside

_PROVIDERS = {SignInService.Kind.OPENID: "openid_connect", SignInService.Kind.SAML: "saml"}


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The active services, as allauth wants them; nothing is kept in its own tables."""
        return [
            app
            for app in map(_app, queries.sign_in_services(active=True))
            if provider in {None, app.provider, app.provider_id} and client_id in {None, app.client_id}
        ]

    def get_requests_session(self) -> requests.Session:
        return outside.session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        # Whoever may have an account has got one in ``pre_social_login``.
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        service = queries.service_by_slug(sociallogin.account.provider)
        if service is None or sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(refuse(request, _("This way of signing in is not in use.")))
        identity = _identity(sociallogin)
        try:
            _check_subject(sociallogin, service)
            if not sociallogin.is_existing and services.admit(service, identity) is None:
                request.session[PENDING_TIE] = services.pending_tie(service, identity)
                text = _(
                    "You have an account here. Sign in to it once as usual; after that, %(service)s is enough."
                )
                messages.info(request, text % {"service": service.name})
                raise ImmediateHttpResponse(redirect("account_login"))
        except services.Refused as error:
            raise ImmediateHttpResponse(refuse(request, str(error), email=identity.email)) from None
        if not sociallogin.is_existing:
            sociallogin.lookup()
        # Of all that a service tells, only who it is.
        services.keep_identity(sociallogin.account, identity)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        text = (
            _("You went back before %(service)s had let you in. Nothing has changed.")
            if error == AuthError.CANCELLED
            else _("%(service)s could not be asked who you are. Try again, or sign in with your password.")
        )
        raise ImmediateHttpResponse(refuse(request, text % {"service": provider.name}))


def _app(service: SignInService) -> SocialApp:
    app = SocialApp(
        provider=_PROVIDERS[SignInService.Kind(service.kind)],
        provider_id=service.slug,
        name=service.name,
        client_id=service.client_id or service.slug,
    )
    if service.kind == SignInService.Kind.OPENID:
        app.secret = services.secret_of(service)
        app.settings = {"server_url": service.issuer, "oauth_pkce_enabled": True}
    return app


def _identity(login: SocialLogin) -> services.Identity:
    address = login.email_addresses[0] if login.email_addresses else None
    data = login.account.extra_data
    told = data.get("userinfo") or data.get("id_token") or {}
    return services.Identity(
        uid=login.account.uid,
        email=str(address.email).strip() if address else "",
        verified=bool(address and address.verified is True),
        name=str(told.get("name") or "").strip()[:200],
        data={key: told[key] for key in ("sub", "email", "name") if key in told},
    )


def _check_subject(login: SocialLogin, service: SignInService) -> None:
    """What a service tells apart from its signed word must be about the same person (OpenID Connect Core 5.3.2)."""
    data = login.account.extra_data
    told, signed = data.get("userinfo"), data.get("id_token")
    if not signed or (told and told.get("sub") != signed.get("sub")):
        raise services.Refused(
            _("%(service)s answered about two different people. Tell whoever runs it.")
            % {"service": service.name}
        )


def refuse(request: HttpRequest, reason: str, *, email: str = "") -> HttpResponse:
    """Say why somebody is not let in, and keep that they tried."""
    services.note_failed_sign_in(
        system_actor("sign-in", via=Via.WEB),
        email=email,
        address=get_account_adapter().get_client_ip(request),
        agent=request.headers.get("User-Agent", ""),
        outcome=SignIn.Outcome.REFUSED,
        method="socialaccount",
    )
    return refused(request, reason)


def refused(request: HttpRequest, reason: str, *, title: str = "") -> HttpResponse:
    context = {"reason": reason, "title": title or _("Not signed in")}
    return render(request, "socialaccount/refused.html", context, status=403)
