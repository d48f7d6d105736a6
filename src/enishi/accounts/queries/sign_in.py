"""Reading sessions and tries to sign in."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from enishi.accounts.models import SignIn, User
from enishi.core import clock

METHODS = {
    "password": gettext_lazy("password"),
    "totp": gettext_lazy("authenticator app"),
    "webauthn": gettext_lazy("passkey"),
    "recovery_codes": gettext_lazy("recovery code"),
    "socialaccount": gettext_lazy("single sign-on"),
}


def methods_in_words(methods: Iterable[str]) -> str:
    """How somebody signed in, as people say it."""
    return ", ".join(str(METHODS.get(method, method)) for method in methods)


def sign_ins(user: User, *, before: int | None = None) -> QuerySet[SignIn]:
    """Tries to sign in to that account, newest first; ``before`` is where the page before ended."""
    found = SignIn.objects.filter(user=user).order_by("-id")
    return found if before is None else found.filter(pk__lt=before)


def all_sign_ins(*, failed: bool = False, before: int | None = None) -> QuerySet[SignIn]:
    """Tries to sign in to any account, or to none, newest first."""
    found = SignIn.objects.select_related("user").order_by("-id")
    if failed:
        found = found.exclude(outcome=SignIn.Outcome.IN)
    return found if before is None else found.filter(pk__lt=before)


def sessions(user: User) -> QuerySet[UserSession]:
    """Where somebody is signed in now, the one used last first."""
    alive = Session.objects.filter(expire_date__gt=clock.now()).values("session_key")
    found: QuerySet[UserSession] = UserSession.objects.filter(user=user, session_key__in=alive)
    return found.order_by("-last_seen_at", "-pk")


def session(user: User, session_id: int) -> UserSession:
    """One of them; raises UserSession.DoesNotExist."""
    found: UserSession = UserSession.objects.get(user=user, pk=session_id)
    return found
