"""Sign-ins and sessions: one's own, and those of others for whoever manages people."""

from __future__ import annotations

from typing import Any

from allauth.account.views import logout
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries, services
from enishi.accounts.answers import found
from enishi.accounts.models import SignIn, User
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.accounts.views.saml import send_on
from enishi.core.parameters import number

PAGE = 50


@never_cache
@require_http_methods(["GET", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out here, and at the service that began this session when it is to be asked. Here it is done in any case."""
    asked = None
    if request.method == "POST":
        asked = services.begin_signing_out(request.session.session_key or "")
    answer: HttpResponse = logout(request)
    return send_on(request, *asked) if asked else answer


def _paged(request: StaffRequest, found: Any) -> dict[str, Any]:
    """A page of sign-ins, drawn by ``accounts/sign_in_rows.html``."""
    rows: list[SignIn] = list(found[: PAGE + 1])
    return {
        "rows": [{"one": one, "how": queries.methods_in_words(one.methods)} for one in rows[:PAGE]],
        "older_url": f"?before={rows[PAGE - 1].pk}{'&failed=1' if _failed(request) else ''}"
        if len(rows) > PAGE
        else "",
        "days": queries.organisation().sign_in_days,
    }


def _failed(request: StaffRequest) -> bool:
    return request.GET.get("failed") == "1"


@require_GET
def own(request: StaffRequest) -> HttpResponse:
    found = queries.sign_ins(request.user, before=number(request.GET.get("before")))
    context = {"ties": queries.ties(request.user), **_paged(request, found)}
    return render(request, "accounts/sign_ins.html", context)


@require_POST
def end_own_session(request: StaffRequest, session_id: int) -> HttpResponse:
    """Sign out in one of one's own other sessions."""
    session = _session(request.user, session_id)
    services.end_sessions(request.actor, request.user, only=session)
    messages.success(request, _("That session is ended."))
    return redirect("usersessions_list")


def _session(user: User, session_id: int) -> UserSession:
    return found(queries.session, user, session_id)


def _person(user_id: int) -> User:
    return found(queries.person, user_id)


@require_GET
@needs_everywhere(services.MANAGE)
def of_person(request: StaffRequest, user_id: int) -> HttpResponse:
    """Where somebody is signed in now, and when and how they signed in or tried to."""
    user = _person(user_id)
    context = {
        "person": user,
        "sessions": queries.sessions(user),
        "ties": queries.ties(user),
        **_paged(request, queries.sign_ins(user, before=number(request.GET.get("before")))),
    }
    return render(request, "accounts/person_sign_ins.html", context)


@require_POST
@needs_everywhere(services.MANAGE)
def end_sessions(request: StaffRequest, user_id: int) -> HttpResponse:
    """Sign somebody out, in the session named in the form or everywhere."""
    user = _person(user_id)
    session_id = number(request.POST.get("session"))
    session = _session(user, session_id) if session_id else None
    own_key = request.session.session_key or "" if user == request.user else ""
    try:
        ended = services.end_sessions(request.actor, user, only=session, besides=own_key)
    except services.AccountError as error:
        messages.error(request, str(error))
    else:
        text = _("%(name)s is signed out there.") if ended else _("%(name)s is signed in nowhere.")
        messages.success(request, text % {"name": user})
    return redirect("accounts:person_sign_ins", user_id)


@require_GET
@needs_everywhere(services.MANAGE)
def everybody(request: StaffRequest) -> HttpResponse:
    """Sign-ins of everybody, and tries with addresses that nobody has."""
    failed = _failed(request)
    found = queries.all_sign_ins(failed=failed, before=number(request.GET.get("before")))
    context = {"failed": failed, "with_names": True, **_paged(request, found)}
    return render(request, "accounts/all_sign_ins.html", context)
