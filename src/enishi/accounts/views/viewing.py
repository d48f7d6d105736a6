"""Looking at pages as a colleague, and back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from enishi.accounts import queries, services
from enishi.accounts.models import User
from enishi.accounts.requests import VIEWING, StaffRequest, needs_everywhere


@require_POST
@needs_everywhere(services.MANAGE)
def begin(request: StaffRequest, user_id: int) -> HttpResponse:
    try:
        user = queries.person(user_id)
    except User.DoesNotExist:
        raise Http404 from None
    try:
        services.begin_viewing(request.actor, user)
    except services.AccountError as error:
        messages.error(request, str(error))
        return redirect("accounts:person", user_id)
    request.session[VIEWING] = user.pk
    return redirect("home")


@require_POST
def end(request: StaffRequest) -> HttpResponse:
    """Back to one's own pages; the middleware lets this through while nothing else may be sent."""
    seen, viewer = request.viewing, request.actor.within
    request.session.pop(VIEWING, None)
    if seen is None or viewer is None:
        return redirect("home")
    services.end_viewing(viewer, seen)
    return redirect("accounts:person", seen.pk)
