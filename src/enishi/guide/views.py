"""The page of the tour and the buttons of its card, and the starter packs."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import way_back
from enishi.accounts.requests import StaffRequest
from enishi.contacts.models import Field
from enishi.core.formats import counted
from enishi.core.packs import LANGUAGES
from enishi.guide import queries, services
from enishi.guide.starters import Starter, starters
from enishi.guide.starting import SETUP, Offer, Standing, StarterError, add_starter, count_of, offers, path_of


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


@require_GET
def starter_list(request: StaffRequest) -> HttpResponse:
    """The packs, with how much of each is not there yet."""
    request.actor.require_everywhere(SETUP)
    listed = [(one, sum(count_of(offers(request.actor, one)).values())) for one in starters().values()]
    return render(request, "guide/starters.html", {"listed": listed})


@require_http_methods(["GET", "POST"])
def starter(request: StaffRequest, code: str) -> HttpResponse:
    """What one pack holds, in the language in which it would be added; adding what was chosen of it."""
    request.actor.require_everywhere(SETUP)
    one = starters().get(code)
    if one is None:
        raise Http404
    problem = ""
    if request.method == "POST":
        try:
            operation = add_starter(
                request.actor, one, keys=request.POST.getlist("key"), language=_language(request)
            )
        except StarterError as error:
            problem = str(error)
        else:
            n = sum(operation.counts.values())
            words = ngettext("%(n)s thing was added.", "%(n)s things were added.", n) % {"n": counted(n)}
            messages.success(request, words, extra_tags=reverse("timeline:undo", args=[operation.pk]))
            return redirect("guide:starter", one.code)
    return _starter_page(request, one, problem)


def _language(request: StaffRequest) -> str:
    """The one that was chosen, or that of the organisation."""
    given = request.POST.get("language") or request.GET.get("language") or ""
    usual = request.organisation.language
    return next((code for code in (given, usual) if code in LANGUAGES), LANGUAGES[0])


def _starter_page(request: StaffRequest, one: Starter, problem: str) -> HttpResponse:
    language = _language(request)
    rows = offers(request.actor, one)
    titles = {
        "fields": _("Fields of contacts"),
        "tags": _("Tags"),
        "themes": _("Themes"),
        "purposes": _("What consent is asked for"),
    }
    context = {
        "starter": one,
        "crumbs": [{"label": _("Starter packs"), "url": reverse("guide:starters")}],
        "language": language,
        "languages": [(code, name) for code, name in settings.LANGUAGES if code in LANGUAGES],
        "parts": [
            {"title": titles[part], "code": part, "rows": [_row(offer, language) for offer in listed]}
            for part, listed in rows.items()
        ],
        "count": sum(count_of(rows).values()),
        "problem": problem,
    }
    return render(request, "guide/starter.html", context, status=422 if problem else 200)


def _row(offer: Offer, language: str) -> dict[str, object]:
    item = offer.item
    return {
        "key": item.key,
        "label": path_of(item, language),
        "help": item.help.by_language[language] if item.help else "",
        "options": [option.by_language[language] for option in item.options],
        "kind": Field.Kind(item.kind).label if item.kind else "",
        "there": offer.standing is Standing.THERE,
        "away": offer.standing is Standing.AWAY,
    }
