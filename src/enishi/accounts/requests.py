"""The request of somebody signed in, as the middleware hands it to a view."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from enishi.accounts.access import Actor
from enishi.accounts.models import Organisation, User

P = ParamSpec("P")
SECOND_FACTOR = "second_factor"
"""Session key: this session has been seen to belong to somebody with a second factor."""


PENDING_TIE = "pending_tie"
"""Session key: an identity that is tied to the account that is signed in to next, if it is theirs."""
NAMED = "named"
"""In the state of a sign-in by SAML: how the service calls the session that begins."""
SERVICE_SESSION = "service_session"
"""Session key: the row that says by which words a sign-in service calls this session."""
VIEWING = "viewing_as"
"""Session key: the number of the colleague as whom an administrator looks at pages."""


class StaffRequest(HttpRequest):
    actor: Actor
    user: User
    viewing: User | None
    organisation: Organisation
    htmx: HtmxDetails


def needs_everywhere(
    right: str,
) -> Callable[
    [Callable[Concatenate[StaffRequest, P], HttpResponse]],
    Callable[Concatenate[StaffRequest, P], HttpResponse],
]:
    """Answer 403 unless that right is held in every project: for pages about the whole organisation."""

    def decorate(
        view: Callable[Concatenate[StaffRequest, P], HttpResponse],
    ) -> Callable[Concatenate[StaffRequest, P], HttpResponse]:
        @functools.wraps(view)
        def guarded(request: StaffRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            request.actor.require_everywhere(right)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
