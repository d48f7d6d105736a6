"""The contact list as an address: which view, what was changed in it, which page; and the form of one condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts.access import Actor
from enishi.contacts.models import SavedView
from enishi.contacts.queries import filters, lists, tree
from enishi.contacts.queries.lists import ListSpec
from enishi.core.parameters import number

SILENT_DAYS = 60
AREA_LENGTH = 4000
"""A hundred corners in decimal degrees."""


@dataclass(frozen=True)
class View:
    """A list by name: built in, or saved by ``owner_id``."""

    code: str
    label: Any
    spec: Mapping[str, Any]
    icon: str = ""
    owner_id: int | None = None
    shared: bool = False
    pinned: bool = True

    @property
    def saved_id(self) -> int | None:
        return number(self.code)


def _only(field: str, cmp: str, value: Any) -> dict[str, Any]:
    return {"op": "and", "items": [{"field": field, "cmp": cmp, "value": value}]}


EVERYONE = View("everyone", gettext_lazy("Everyone"), {}, "users")
BUILT_IN = (
    EVERYONE,
    View("mine", gettext_lazy("My people"), {"filter": _only("owner", "is", ["me"])}, "user-heart"),
    View(
        "silent",
        gettext_lazy("Silent 60 days"),
        {"filter": _only("last_contact", "older", [str(SILENT_DAYS)]), "sort": "-last_contact"},
        "clock-pause",
    ),
)


def from_saved(view: SavedView) -> View:
    icon = "users" if view.shared else "pin"
    pinned = view.position == SavedView.PINNED
    return View(str(view.pk), view.name, view.spec, icon, view.owner_id, view.shared, pinned)


def find_view(actor: Actor, code: str) -> View | None:
    """A built-in view, or a saved one within the actor's reach; None when there is none of that code."""
    for view in BUILT_IN:
        if view.code == code:
            return view
    if number(code) is None:
        return None
    try:
        return from_saved(lists.saved_view(actor, int(code)))
    except SavedView.DoesNotExist:
        return None


@dataclass(frozen=True)
class State:
    """What a page of the list shows: a view, and what the reader made of it."""

    view: View
    spec: ListSpec
    kept: ListSpec
    cursor: str = ""
    place: int = 0
    problem: str = ""
    on_map: bool = False
    """Shown as a map instead of a list."""
    colour: str = ""
    day: str = ""
    """What the people of the map are coloured by, and as of which day (see ``queries.colours``)."""
    project: str = ""
    """The project, where the address names it: another one may be chosen in the shell."""

    @property
    def changed(self) -> bool:
        return self.spec.as_json() != self.kept.as_json()

    def params(self, *, cursor: str = "", place: int = 0) -> dict[str, str]:
        """What an address has to say: the view, and only what differs from it."""
        here = {"view": self.view.code} if self.view.code != EVERYONE.code else {}
        if self.spec.filter != self.kept.filter:
            here["f"] = tree.encode(self.spec.filter)
        if self.spec.sort != self.kept.sort:
            here["sort"] = self.spec.sort
        if self.spec.columns != self.kept.columns:
            here["columns"] = ",".join(self.spec.columns)
        if self.project:
            here["project"] = self.project
        if cursor:
            here |= {"cursor": cursor, "place": str(place)}
        if self.on_map:
            coloured = {"colour": self.colour, "day": self.day if self.colour else ""}
            here |= {"on": "map", **{key: value for key, value in coloured.items() if value}}
        return here

    def url(self, *, cursor: str = "", place: int = 0) -> str:
        return self._address("contacts:map" if self.on_map else "contacts:list", cursor=cursor, place=place)

    def _address(self, name: str, **more: Any) -> str:
        left = {"on"} if name == "contacts:map" else {"on", "colour", "day"}
        params = {key: value for key, value in self.params(**more).items() if key not in left}
        return reverse(name) + (f"?{urlencode(params)}" if params else "")

    @property
    def list_url(self) -> str:
        return self._address("contacts:list")

    @property
    def map_url(self) -> str:
        return self._address("contacts:map")

    def with_filter(self, node: tree.Node) -> State:
        return replace(self, spec=replace(self.spec, filter=node), cursor="", place=0)

    def with_sort(self, sort: str) -> State:
        return replace(self, spec=replace(self.spec, sort=sort), cursor="", place=0)


def read_state(actor: Actor, params: QueryDict, project_id: int | None) -> State:
    """Read an address. What cannot be read falls back to the view, and ``problem`` says so in words."""
    problem = ""
    view = find_view(actor, params.get("view", EVERYONE.code))
    if view is None:
        view, problem = EVERYONE, _("This view does not exist any more, or is not shared with you.")
    try:
        kept = ListSpec.read({**view.spec, "project_id": project_id})
    except filters.FilterError as error:
        kept, problem = ListSpec(project_id=project_id), str(error)
    spec = kept
    if "f" in params:
        try:
            spec = replace(spec, filter=tree.decode(str(params["f"])))
        except filters.FilterError as error:
            problem = str(error)
    if params.get("sort", "").removeprefix("-") in lists.SORTS:
        spec = replace(spec, sort=str(params["sort"]))
    wanted = params.getlist("column") or [c for c in params.get("columns", "").split(",") if c]
    if wanted:
        spec = replace(spec, columns=ListSpec.read({"columns": wanted}).columns)
    place = params.get("place", "")
    return State(
        view=view,
        spec=spec,
        kept=kept,
        cursor=params.get("cursor", "")[:2000],
        place=int(place) if place.isdecimal() and len(place) < 10 else 0,
        problem=problem,
        on_map=params.get("on") == "map",
        colour=params.get("colour", "")[:60],
        day=params.get("day", "")[:20],
        project=str(project_id) if params.get("project") == str(project_id) else "",
    )


def read_place(text: str) -> tuple[int, ...]:
    """A place in the tree as addresses write it: ``1.0``; raises FilterError."""
    parts = [part for part in text.split(".") if part]
    if not all(part.isdecimal() and len(part) < 4 for part in parts):
        raise filters.FilterError(_("This condition is not there any more. Look at the filter again."))
    return tuple(int(part) for part in parts)


class ConditionForm(forms.Form):
    """One condition: how to compare, and with what."""

    cmp = forms.ChoiceField(label=gettext_lazy("Comparison"))

    def __init__(self, actor: Actor, field: filters.FilterField, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filter_field = field
        comparisons = list(field.compare.items())
        # isinstance narrows for the type checker; the class above says what it is.
        compare = self.fields["cmp"]
        assert isinstance(compare, forms.ChoiceField)
        compare.choices = comparisons
        if field.kind == "choice" and field.choices is not None:
            self.fields["value"] = forms.MultipleChoiceField(
                label=field.label,
                choices=field.choices(actor),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
        elif field.kind == "party":
            self.fields["value"] = forms.IntegerField(label=field.label, required=False, min_value=1)
        elif field.kind in {"days", "number"}:
            self.fields["value"] = forms.CharField(
                label=field.label,
                required=False,
                max_length=40,
                widget=forms.TextInput({"inputmode": "decimal"}),
            )
        elif field.kind != "none":
            longest = AREA_LENGTH if field.kind == "area" else 200
            self.fields["value"] = forms.CharField(label=field.label, required=False, max_length=longest)

    def leaf(self) -> filters.Leaf:
        value = self.cleaned_data.get("value")
        chosen = value if isinstance(value, list) else [] if value in (None, "") else [str(value)]
        return filters.Leaf(self.filter_field.code, self.cleaned_data["cmp"], chosen)


class ViewForm(forms.Form):
    """A list kept under a name."""

    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=80)
    shared = forms.BooleanField(
        label=gettext_lazy("Share with all colleagues"),
        help_text=gettext_lazy("Everybody sees only the contacts that they may see."),
        required=False,
    )
    pinned = forms.BooleanField(label=gettext_lazy("Show it in the top bar"), required=False, initial=True)
