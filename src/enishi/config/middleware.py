"""Around every request: who acts, in which language and time zone, and what a browser may do with the answer."""

from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from enishi.accounts import queries
from enishi.accounts.access import Actor, Via
from enishi.accounts.models import User

Handler = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Builds the actor once, in one query, and shows pages in the user's language and time zone."""

    # Pages that people reach without having signed in.
    OPEN = ("/account/", "/static/", "/i18n/", "/healthz")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            if request.path.startswith((*self.OPEN, "/api/")):
                return self.get_response(request)
            return _to_sign_in(request)
        request.actor = actor_for(user, Via.WEB)  # type: ignore[attr-defined]
        translation.activate(user.language)
        request.LANGUAGE_CODE = user.language
        timezone.activate(zoneinfo.ZoneInfo(user.time_zone))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


def actor_for(user: User, via: Via) -> Actor:
    return queries.actor(user, via=via, request_id=uuid.uuid4())


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    address = (
        f"{reverse(settings.LOGIN_URL)}?next={request.get_full_path()}"
        if request.method == "GET"
        else reverse(settings.LOGIN_URL)
    )
    if request.headers.get("HX-Request"):
        # A part of a page cannot show the sign-in form: the whole page goes there.
        return HttpResponse(status=401, headers={"HX-Redirect": reverse(settings.LOGIN_URL)})
    return redirect(address)


class SecurityHeaders:
    """A content policy without inline code, and no features that no page uses."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        live = settings.ENV.live_url
        self.live = (
            live or f"http://localhost:{settings.ENV.live_port} http://127.0.0.1:{settings.ENV.live_port}"
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            response["Content-Security-Policy"] = (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
                f"font-src 'self'; connect-src 'self' {self.live}; form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'; manifest-src 'self'; media-src 'self'"
            )
        response.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        return response
