"""What apps contribute to shared places: plugins, panels and menu entries.

A plugin kind is a base class, a package whose modules are found by name, and an entry-point group for parts shipped
by others. A panel is a piece that an app shows on a page of another app. Both are looked up here, so that a lower app
never imports a higher one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Generic, Protocol, TypeVar

from django.urls import reverse
from django.utils.translation import gettext as _


class Plugin:
    """Base of every plugin kind: a stable code and a translatable label."""

    code: str
    label: Any


P = TypeVar("P", bound=Plugin)


class Kind(Generic[P]):
    """One kind of plugin: its base class, its folder and its entry-point group."""

    def __init__(self, base: type[P], package: str, group: str) -> None:
        self.base, self.package, self.group = base, package, group
        self._found: dict[str, P] | None = None

    def _load(self) -> dict[str, P]:
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        for point in entry_points(group=self.group):
            point.load()
        found: dict[str, P] = {}
        for cls in _subclasses(self.base):
            if getattr(cls, "code", ""):
                found[cls.code] = cls()
        return found

    def all(self) -> list[P]:
        if self._found is None:
            self._found = self._load()
        return list(self._found.values())

    def get(self, code: str) -> P:
        """Return the plugin of that code; raise KeyError when nothing by that name is installed."""
        self.all()
        assert self._found is not None
        return self._found[code]


def _subclasses(base: type[P]) -> Iterator[type[P]]:
    for cls in base.__subclasses__():
        yield cls
        yield from _subclasses(cls)


@dataclass(frozen=True)
class Shown:
    """One panel, ready to draw: the template of the app that owns it and what it needs."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


Builder = Callable[..., "Shown | None"]
_panels: dict[str, list[tuple[int, Builder]]] = defaultdict(list)


def panel(place: str, *, order: int = 50) -> Callable[[Builder], Builder]:
    """Register a builder for a shared place, e.g. ``contacts.record.end``; lower order stands first."""

    def register(builder: Builder) -> Builder:
        _panels[place].append((order, builder))
        _panels[place].sort(key=lambda pair: (pair[0], pair[1].__module__, pair[1].__qualname__))
        return builder

    return register


def panels(place: str, *args: Any, **kwargs: Any) -> list[Shown]:
    """Build what apps show at a place; a builder answers None when it has nothing for this reader."""
    built = (builder(*args, **kwargs) for _, builder in _panels[place])
    return [shown for shown in built if shown is not None]


class Provider(Protocol):
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


_providers: dict[str, dict[str, Provider]] = defaultdict(dict)


def provide(place: str, key: str) -> Callable[[Provider], Provider]:
    """Register the one function that answers for ``key`` at a place, e.g. who draws timeline items of a kind."""

    def register(function: Provider) -> Provider:
        if key in _providers[place]:
            raise RuntimeError(f"{place} already has a provider for {key}")
        _providers[place][key] = function
        return function

    return register


def provider(place: str, key: str) -> Provider | None:
    return _providers[place].get(key)


def providers(place: str) -> dict[str, Provider]:
    return dict(_providers[place])


@dataclass(frozen=True, eq=False)
class MenuEntry:
    """A place in the side navigation. ``right`` hides it from who may not use it; ``count`` stands beside it."""

    group: str
    label: Any
    url_name: str
    icon: str
    right: str | None = None
    order: int = 50
    count: Callable[[Any], int] | None = None
    hot: bool = False
    key: str = ""
    tab: int = 0
    """Stands in the phone's tab bar: 1 before the search, 2 after it."""
    everywhere: bool = False
    """The right must be held for everything, not in some project only."""

    def open_to(self, actor: Any) -> bool:
        if self.right is None:
            return True
        return bool(actor.may_everywhere(self.right) if self.everywhere else actor.may(self.right))


@dataclass(frozen=True, eq=False)
class NewEntry:
    """A line of the New menu."""

    label: Any
    url_name: str
    icon: str
    right: str
    order: int = 50
    everywhere: bool = False

    def open_to(self, actor: Any) -> bool:
        return bool(actor.may_everywhere(self.right) if self.everywhere else actor.may(self.right))


_menu: list[MenuEntry] = []
_new: list[NewEntry] = []


def add_menu(entry: MenuEntry) -> None:
    _menu.append(entry)
    _menu.sort(key=lambda e: e.order)


def menu() -> list[MenuEntry]:
    return list(_menu)


def add_new(entry: NewEntry) -> None:
    _new.append(entry)
    _new.sort(key=lambda e: e.order)


def new_entries() -> list[NewEntry]:
    return list(_new)


@dataclass(frozen=True, eq=False)
class ProjectTab:
    """A page of a project, beside its overview. ``url_name`` takes the project's id."""

    code: str
    label: Any
    url_name: str
    right: str
    order: int = 50


_project_tabs: list[ProjectTab] = []


def add_project_tab(tab: ProjectTab) -> None:
    _project_tabs.append(tab)
    _project_tabs.sort(key=lambda t: t.order)


def project_tabs(actor: Any, project: Any, here: str = "") -> list[dict[str, Any]]:
    """The pages of a project that the actor may open, its overview first; ``here`` is the code of the present one."""
    tabs = [tab for tab in _project_tabs if actor.may_some(tab.right, project.pk)]
    found = [{"label": _("Overview"), "url": reverse("project", args=[project.pk]), "current": not here}]
    return found + [
        {"label": tab.label, "url": reverse(tab.url_name, args=[project.pk]), "current": tab.code == here}
        for tab in tabs
    ]
