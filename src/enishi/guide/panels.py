"""The card of the tour, drawn by the shell, and what a new person or installation sees on My day."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Tour
from enishi.accounts.requests import StaffRequest
from enishi.core.registry import MenuEntry, Shown, add_menu
from enishi.guide import queries, services, undo  # noqa: F401  its undoer registers itself
from enishi.guide.starting import SETUP

SETTINGS = "accounts.settings"

add_menu(
    MenuEntry(
        "setup", _("Starter packs"), "guide:starters", "packages", right=SETUP, order=25, everywhere=True
    )
)


def card(request: StaffRequest) -> Shown | None:
    """Where the reader is on the tour; in full on a page of that stop, else the way back to it."""
    place = queries.place(request.actor, request.user.tour_stop)
    if place is None:
        return None
    match = request.resolver_match
    here = match is not None and match.view_name == place.stop.page
    return Shown("guide/card.html", {"place": place, "at_stop": here})


def on_tour(request: HttpRequest) -> bool:
    """Whether a card stands on the pages of this reader: asked for every page, of what is read anyway."""
    return getattr(request.user, "tour", "") == Tour.ON and not getattr(request, "viewing", None)


def welcome(request: StaffRequest) -> list[Shown]:
    """What stands first on My day: the steps of an installation that begins, and the tour for who is new."""
    shown: list[Shown] = []
    if request.viewing:
        return shown
    if request.organisation.first_steps and request.actor.may_everywhere(SETTINGS):
        steps = queries.first_steps(request.actor)
        if all(step.taken for step in steps):
            services.all_taken()
        else:
            shown.append(Shown("guide/first_steps.html", {"steps": steps}))
    if request.user.tour == Tour.NEW:
        shown.append(Shown("guide/offer.html"))
    return shown
