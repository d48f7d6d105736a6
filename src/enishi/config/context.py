"""What the shell around every page shows."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.answers import chosen_project
from enishi.accounts.requests import StaffRequest
from enishi.accounts.services import MANAGE
from enishi.core import registry
from enishi.guide import panels as tour
from enishi.search.pages import PAGES
from enishi.timeline import queries as timeline

RECORD_PAGES = frozenset(name for name, _icon in PAGES.values())
GROUPS = (
    ("", None),
    ("people", _("People")),
    ("answer", _("Answer")),
    ("engage", _("Engage")),
    ("insight", _("Insight")),
    ("setup", _("Set-up")),
)


class Navigation:
    """The groups of the side navigation. Known by identity, so that what is drawn of it can be kept (``still``)."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.groups = groups

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.groups)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, projects, notifications and live address, worked out only when a page draws them."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return {"organisation": getattr(request, "organisation", None)}
    return {
        "actor": actor,
        "organisation": request.organisation,  # type: ignore[attr-defined]
        # Templates call these when they draw them.
        "nav": functools.cache(lambda: _navigation(request, actor)),
        "new_menu": lambda: tuple(e for e in registry.new_entries() if e.open_to(actor)),
        "projects": SimpleLazyObject(lambda: accounts.project_tree(accounts.listed_projects(actor))),
        "current_project": SimpleLazyObject(lambda: chosen_project(cast(StaffRequest, request))),
        "unread": functools.cache(lambda: timeline.unread_notifications(actor)),
        "live_url": live_url(request),
        # Asked twice on a page, worked out once and only for who is on the tour.
        "tour": functools.cache(lambda: tour.card(cast(StaffRequest, request)))
        if tour.on_tour(request)
        else None,
        "why_url": functools.cache(lambda: _why_url(request, actor)),
    }


def _why_url(request: HttpRequest, actor: Actor) -> str:
    """Where it is explained who sees the record of this page; empty on other pages and for those who manage no rights."""
    match = request.resolver_match
    if match is None or match.view_name not in RECORD_PAGES or not actor.may_everywhere(MANAGE):
        return ""
    return f"{reverse('accounts:why')}?{urlencode({'what': request.path})}"


def live_url(request: HttpRequest) -> str:
    base = (
        settings.ENV.live_url
        or f"{request.scheme}://{request.get_host().rsplit(':', 1)[0]}:{settings.ENV.live_port}"
    )
    return f"{base}/live/stream"


def _navigation(request: HttpRequest, actor: Actor) -> Navigation:
    places = [
        (entry, url)
        for entry in registry.menu()
        if entry.open_to(actor) and (url := _address(entry.url_name))
    ]
    # Of places inside one another only the innermost is where one is.
    here = max((url for _entry, url in places if _is_current(request.path, url)), key=len, default="")
    return _drawn(
        tuple((entry, url, entry.count(actor) if entry.count else 0, url == here) for entry, url in places)
    )


@functools.lru_cache(1024)
def _drawn(places: tuple[tuple[registry.MenuEntry, str, int, bool], ...]) -> Navigation:
    """The groups of these places: one and the same for all who see the same."""
    groups = []
    for key, label in GROUPS:
        items = [
            {
                "label": entry.label,
                "url": url,
                "icon": entry.icon,
                "count": count,
                "hot": entry.hot,
                "key": entry.key,
                "code": entry.url_name,
                "tab": entry.tab,
                "current": current,
            }
            for entry, url, count, current in places
            if entry.group == key
        ]
        if items:
            groups.append({"key": key, "label": label, "items": items, "closed": key == "setup"})
    return Navigation(groups)


@functools.cache
def _address(url_name: str) -> str | None:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None


def _is_current(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
