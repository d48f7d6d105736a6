"""Around every request: who acts, in which language and time zone, and what a browser may do with the answer."""

from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Callable
from urllib.parse import urlencode

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from enishi.accounts import queries
from enishi.accounts.access import Actor, Via
from enishi.accounts.models import User
from enishi.accounts.requests import SECOND_FACTOR, VIEWING
from enishi.accounts.services import MANAGE
from enishi.core import clock
from enishi.core.content_policy import content_policy

Handler = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Builds the actor once, in one query, and shows pages in the user's language and time zone."""

    # Pages that people reach without having signed in, and while a second factor is still asked of them.
    OPEN = ("/account/", "/static/", "/i18n/", "/healthz", "/report/", "/invitation/")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.organisation = SimpleLazyObject(queries.organisation)  # type: ignore[attr-defined]
        user = request.user
        if not isinstance(user, User):
            if SESSION_KEY in request.session:
                # Whoever was switched off since they signed in leaves nothing behind.
                request.session.flush()
            if request.path.startswith((*self.OPEN, "/api/", "/scim/")):
                return self.get_response(request)
            return _to_sign_in(request)
        request.actor = actor_for(user, Via.WEB)  # type: ignore[attr-defined]
        request.viewing = _viewing(request)  # type: ignore[attr-defined]
        translation.activate(user.language)
        request.LANGUAGE_CODE = user.language
        timezone.activate(zoneinfo.ZoneInfo(user.time_zone))
        try:
            if not request.path.startswith(self.OPEN) and _must_set_up_second_factor(request, user):
                return _to_page(request, reverse("mfa_index"))
            if request.viewing and _sends(request):  # type: ignore[attr-defined]
                return _only_looking(request, request.viewing)  # type: ignore[attr-defined]
            return self.get_response(request)
        finally:
            timezone.deactivate()


def actor_for(user: User, via: Via) -> Actor:
    return queries.actor(user, via=via, request_id=uuid.uuid4())


def _viewing(request: HttpRequest) -> User | None:
    """The colleague as whom an administrator looks; the actor then reaches what both may see."""
    user_id = request.session.get(VIEWING)
    if user_id is None:
        return None
    viewer: Actor = request.actor  # type: ignore[attr-defined]
    seen = queries.active_user(user_id) if viewer.may_everywhere(MANAGE) else None
    if seen is None:
        del request.session[VIEWING]
        return None
    request.actor = queries.viewing_as(viewer, seen)  # type: ignore[attr-defined]
    return seen


def _sends(request: HttpRequest) -> bool:
    """Whether a request would change something: all but looking, going back and signing out."""
    ways_out = (reverse("accounts:view_as_end"), reverse("account_logout"), reverse("set_language"))
    return request.method not in {"GET", "HEAD", "OPTIONS"} and request.path not in ways_out


def _only_looking(request: HttpRequest, seen: User) -> HttpResponse:
    reason = _("You are looking as %(name)s and can change nothing. Go back to your own pages first.")
    return render(request, "403.html", {"reason": reason % {"name": seen}}, status=403)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    address = reverse(settings.LOGIN_URL)
    if request.method == "GET" and not request.headers.get("HX-Request"):
        address += "?" + urlencode({"next": request.get_full_path()})
    return _to_page(request, address)


def _to_page(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        # A part of a page cannot show another page: the whole page goes there.
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return redirect(address)


def _must_set_up_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether the organisation or a role asks for a second factor that this user does not have yet.

    Asked once in a session.
    """
    if request.session.get(SECOND_FACTOR):
        return False
    actor: Actor = request.actor  # type: ignore[attr-defined]
    asked = (actor.within or actor).second_factor or request.organisation.require_second_factor  # type: ignore[attr-defined]
    if not asked:
        return False
    if not queries.has_second_factor(user):
        return True
    request.session[SECOND_FACTOR] = True
    return False


class SessionActivity:
    """Keeps "last seen" of each session, to five minutes: a write for each page would cost more than the page."""

    EVERY_S = 300

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = int(clock.now().timestamp())
        if request.user.is_authenticated and seen - request.session.get("seen", 0) >= self.EVERY_S:
            request.session["seen"] = seen
            UserSession.objects.create_from_request(request)
        return self.get_response(request)


class SecurityHeaders:
    """A content policy without inline code, and no features that no page uses."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.policy = content_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            response["Content-Security-Policy"] = self.policy
        response.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        return response
