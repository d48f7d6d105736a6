"""The page of the tour, and the buttons of its card."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.answers import way_back
from enishi.accounts.requests import StaffRequest
from enishi.guide import queries, services


@require_GET
def tour(request: StaffRequest) -> HttpResponse:
    """All stops that the reader can reach, to begin, to go on or to go to one of them."""
    route = queries.route(request.actor)
    at = next((one for one in route if one.stop.code == request.user.tour_stop), None)
    return render(request, "guide/tour.html", {"route": route, "at": at})


@require_POST
def go(request: StaffRequest) -> HttpResponse:
    place = services.go(request.actor, request.POST.get("to", ""))
    if place is None:
        return _end(request)
    return redirect(place.control_url)


@require_POST
def end(request: StaffRequest) -> HttpResponse:
    services.end(request.actor)
    return _end(request)


def _end(request: StaffRequest) -> HttpResponse:
    messages.success(request, _("That was the tour. You find it again under your name."))
    return redirect("home")


@require_POST
def leave(request: StaffRequest) -> HttpResponse:
    """Hide the card, or the offer; what the reader looks at stays where it is."""
    services.leave(request.actor, request.user.tour_stop)
    messages.success(request, _("You find the tour under your name."))
    return redirect(way_back(request, "/"))


@require_POST
def put_away(request: StaffRequest) -> HttpResponse:
    services.put_away(request.actor)
    messages.success(request, _("The first steps are put away."))
    return redirect("home")
