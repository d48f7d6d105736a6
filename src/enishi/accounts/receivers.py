"""What allauth reports about signing in, kept in the history."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialLogin
from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from enishi.accounts import queries, services
from enishi.accounts.access import Via, system_actor
from enishi.accounts.models import SignIn, User
from enishi.accounts.requests import NAMED, PENDING_TIE, SECOND_FACTOR, SERVICE_SESSION
from enishi.accounts.saml.protocol import Named


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: User, **more: Any) -> None:
    methods = [
        record.get("type") or record["method"]
        for record in get_authentication_records(request, user)
        if not record.get("reauthenticated")
    ]
    services.note_sign_in(
        queries.actor(user, via=Via.WEB),
        methods=methods,
        address=get_adapter().get_client_ip(request),
        agent=request.headers.get("User-Agent", ""),
    )


@receiver(account.user_logged_in)
def tie_identity(request: HttpRequest, user: User, **more: Any) -> None:
    """Whoever came from a sign-in service and has now shown that the account is theirs signs in by it from now on."""
    pending = request.session.pop(PENDING_TIE, None)
    if pending is None or "sociallogin" in more:
        return
    service = services.tie_pending(queries.actor(user, via=Via.WEB), user, pending)
    if service is not None:
        text = _("From now on you can sign in with %(service)s.")
        messages.success(request, text % {"service": service.name})


@receiver(account.user_logged_in)
def began_by_service(
    request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **more: Any
) -> None:
    """What a SAML service began, it may end: by then it is known how it calls the session, and by which key we do."""
    named = sociallogin.state.get(NAMED) if sociallogin else None
    service = queries.service_by_slug(sociallogin.account.provider) if sociallogin and named else None
    if service is not None and named is not None:
        request.session[SERVICE_SESSION] = services.keep_service_session(
            service, user, request.session.session_key or "", Named(**named)
        )


@receiver(mfa.authentication_failed)
def second_factor_refused(request: HttpRequest, user: User, **more: Any) -> None:
    services.note_failed_sign_in(
        system_actor("sign-in", via=Via.WEB),
        email=user.email,
        address=get_adapter().get_client_ip(request),
        agent=request.headers.get("User-Agent", ""),
        outcome=SignIn.Outcome.SECOND,
        method="",
    )


@receiver([account.password_changed, account.password_set, account.password_reset])
def password_changed(request: HttpRequest, user: User, **more: Any) -> None:
    if row_id := request.session.get(SERVICE_SESSION):
        services.follow_session(row_id, request.session.session_key or "")
    services.note_password_change(queries.actor(user, via=Via.WEB), user)


@receiver([mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset])
def second_factor_changed(
    signal: Any, request: HttpRequest, user: User, authenticator: Authenticator, **more: Any
) -> None:
    what = {mfa.authenticator_added: "added", mfa.authenticator_removed: "removed"}.get(signal, "renewed")
    request.session.pop(SECOND_FACTOR, None)
    services.note_second_factor(queries.actor(user, via=Via.WEB), user, kind=authenticator.type, what=what)
