"""The map: the contact list by where people are, the area that filters it, and where addresses and towns lie."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from enishi.accounts.access import Forbidden
from enishi.accounts.requests import StaffRequest
from enishi.contacts import services
from enishi.contacts.forms.lists import State
from enishi.contacts.forms.places import AreaForm, PositionForm, TownForm
from enishi.contacts.models import ContactPoint
from enishi.contacts.queries import colours, filters, lists, places, positions, tree
from enishi.contacts.queries import record as records
from enishi.contacts.services import places as placing
from enishi.contacts.views.answers import country, crumbs, editable
from enishi.contacts.views.lists import VIEW, filter_shown, state_of, total_words
from enishi.contacts.views.shown import language
from enishi.core import clock, registry
from enishi.core.choices import countries
from enishi.core.formats import format_number
from enishi.core.parameters import day
from enishi.core.positions import PositionError, in_range, read_area

WORLD: positions.Box = (-180.0, -85.0, 180.0, 85.0)


def _state(request: StaffRequest) -> State:
    return replace(state_of(request), on_map=True)


@require_GET
def on_map(request: StaffRequest) -> HttpResponse:
    """The contact list as a map, and as a list of its towns."""
    actor = request.actor
    actor.require(VIEW)
    state = _state(request)
    problem, total, missing = state.problem, lists.Total(0, True), lists.Total(0, True)
    found: list[places.TownLine] = []
    box, more, shades = None, False, dict[tuple[str, str], dict[int, int]]()
    colouring = _colouring(request, state)
    try:
        total, missing = lists.total(actor, state.spec), places.unplaced(actor, state.spec)
        found, more = places.towns(actor, state.spec)
        box = places.extent(actor, state.spec)
        shades = places.shades_of_towns(actor, state.spec, colouring) if colouring else {}
    except filters.FilterError as error:
        problem = str(error)
    context = {
        "state": state,
        "problem": problem,
        **filter_shown(request, state),
        "crumbs": crumbs(),
        "query": urlencode(state.params()),
        "reset_url": replace(state, spec=state.kept).url(),
        "total_words": total_words(total),
        "missing": missing.number,
        "missing_words": total_words(missing),
        "towns": [_line(state, line, _counts(colouring, shades, line)) for line in found],
        "more": more,
        "colouring": colouring,
        "colours": colours.choices(actor, state.spec.project_id),
        "colour_day": _colour_day(state),
        "today": clock.today(),
        "uncoloured": {k: v for k, v in state.params().items() if k not in {"colour", "day"}},
        "area_form": AreaForm(),
        "params": state.params(),
        "may_put": actor.may_whole(placing.BULK),
        "map": map_data(request, state, box),
    }
    return render(request, "contacts/map/page.html", context)


def _colour_day(state: State) -> dt.date:
    """The day that was asked for; today where that is none, or still to come."""
    asked = day(state.day)
    return min(asked.date(), clock.today()) if asked else clock.today()


def _colouring(request: StaffRequest, state: State) -> colours.Colouring | None:
    return colours.find(request.actor, state.colour, _colour_day(state))


def map_data(request: StaffRequest, state: State, box: positions.Box | None) -> dict[str, Any]:
    """What the script of the map is told: where to look, what to ask, which areas and layers to draw."""
    query = urlencode(state.params())
    return {
        "cells": f"{reverse('contacts:map_cells')}?{query}",
        "area": f"{reverse('contacts:map_area')}?{query}",
        "box": _wider(box) if box else None,
        "at": _asked_place(request),
        "areas": [str(area) for area in _areas(state.spec.filter)],
        "layers": [
            layer
            for add in registry.providers("contacts.map").values()
            for layer in add(request.actor, state.spec.project_id)
        ],
    }


def _asked_place(request: StaffRequest) -> tuple[float, float] | None:
    try:
        lat, lng = request.GET.get("at", "").split(",")
        return in_range(float(lat), "latitude"), in_range(float(lng), "longitude")
    except ValueError:
        return None


def _wider(box: positions.Box) -> list[float]:
    west, south, east, north = box
    side = max(east - west, north - south, 0.02) * 0.06
    return [max(west - side, -180), max(south - side, -85), min(east + side, 180), min(north + side, 85)]


def _areas(node: tree.Node) -> list[Any]:
    found = []
    for item in node.items:
        if isinstance(item, tree.Node):
            found += _areas(item)
        elif item.field == "area":
            value = item.value[0] if isinstance(item.value, list) and item.value else item.value
            try:
                found.append(read_area(str(value or "")))
            except PositionError:
                continue
    return found


def _counts(
    colouring: colours.Colouring | None,
    shades: Mapping[tuple[str, str], Mapping[int, int]],
    line: places.TownLine,
) -> list[tuple[colours.Shade, int]]:
    """How many people of a town there are of each colour of the map."""
    of_town = shades.get((line.name, line.country), {})
    return [(shade, of_town.get(n, 0)) for n, shade in enumerate(colouring.shades)] if colouring else []


def _line(
    state: State, line: places.TownLine, counts: Sequence[tuple[colours.Shade, int]] = ()
) -> dict[str, Any]:
    return {
        "town": line,
        "counts": counts,
        "country": dict(countries()).get(line.country, line.country),
        "url": replace(
            state, spec=replace(state.spec, filter=_in_town(state.spec.filter, line)), on_map=False
        ).url(),
        "put_url": reverse("contacts:map_town")
        + "?"
        + urlencode({"name": line.name, "country": line.country})
        if line.name
        else "",
    }


def _in_town(node: tree.Node, line: places.TownLine) -> tree.Node:
    if not line.name:
        return places.also(node, tree.Leaf("placed", "not"))
    node = places.also(node, tree.Leaf("town", "is", [line.name]))
    return places.also(node, tree.Leaf("country", "is", [line.country])) if line.country else node


@require_GET
def cells(request: StaffRequest) -> HttpResponse:
    """The squares of the part of the map that is looked at."""
    request.actor.require(VIEW)
    state = _state(request)
    colouring = _colouring(request, state)
    try:
        across = request.GET.get("across", "")
        found = places.cells(
            request.actor,
            state.spec,
            _box(request.GET.get("box", "")),
            across=int(across) if across.isdecimal() and len(across) < 4 else places.ACROSS,
            colouring=colouring,
        )
    except filters.FilterError as error:
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse({"cells": [_cell(cell, colouring) for cell in found]})


def _box(written: str) -> positions.Box:
    try:
        west, south, east, north = (float(part) for part in written.split(","))
    except ValueError:
        return WORLD
    if not all(map(math.isfinite, (west, south, east, north))) or west >= east or south >= north:
        return WORLD
    return max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)


def _cell(cell: places.Cell, colouring: colours.Colouring | None) -> dict[str, Any]:
    people = ngettext("%(n)s person", "%(n)s people", cell.people) % {
        "n": format_number(cell.people, language())
    }
    words = [cell.name or people]
    if colouring is not None:
        words += _shade_words(cell, colouring)
    elif cell.never == cell.people:
        words.append(_("never spoken with"))
    elif cell.never:
        words.append(_("%(n)s of them never spoken with") % {"n": format_number(cell.never, language())})
    elif cell.tone == "silent":
        words.append(_("not for %(n)s days") % {"n": format_number(places.SILENT_DAYS, language())})
    sign = cell.shade.sign if cell.shade else ""
    return {
        "at": [round(cell.latitude, 6), round(cell.longitude, 6)],
        "n": cell.people,
        "shown": " ".join(filter(None, (format_number(cell.people, language()), sign))),
        "sign": sign,
        "tone": cell.tone,
        "town": cell.town,
        "words": ", ".join(words),
        **({"url": reverse("contacts:party", args=[cell.party_id])} if cell.party_id else {}),
    }


def _shade_words(cell: places.Cell, colouring: colours.Colouring) -> list[str]:
    """How many there are of each colour; of one person only which."""
    counted = [(colouring.shades[n].label, count) for n, count in sorted(cell.shades.items())]
    if cell.people == 1:
        return [str(label) for label, _count in counted]
    return [f"{format_number(count, language())} {label}" for label, count in counted]


@require_GET
def area(request: StaffRequest) -> HttpResponseBase:
    """Take an area over into the filter; ``list`` asks for the list of it instead of the map."""
    request.actor.require(VIEW)
    state = _state(request)
    form = AreaForm(request.GET)
    if not form.is_valid() or form.area is None:
        for problem in form.non_field_errors():
            messages.error(request, str(problem))
        return redirect(state.url())
    node = places.also(state.spec.filter, tree.Leaf("area", "is", [str(form.area)]))
    try:
        filters.parse(tree.as_json(node))
    except filters.FilterError as error:
        messages.error(request, str(error))
        return redirect(state.url())
    return redirect(replace(state.with_filter(node), on_map="list" not in request.GET).url())


@require_GET
def towns(request: StaffRequest) -> HttpResponse:
    """The towns with addresses that have no place yet, to be put on the map one after the other."""
    actor = request.actor
    actor.require(VIEW)
    state = _state(request)
    try:
        found, more = places.towns(actor, state.spec, missing=True)
        problem = state.problem
    except filters.FilterError as error:
        found, more, problem = [], False, str(error)
    context = {
        "state": state,
        "problem": problem,
        "towns": [_line(state, line) for line in found],
        "more": more,
        "list_url": replace(state, spec=places.off_the_map(state.spec)).list_url,
        "may_put": actor.may_whole(placing.BULK),
        "crumbs": [*crumbs(), {"label": _("Map"), "url": state.url()}],
    }
    return render(request, "contacts/map/towns.html", context)


@require_http_methods(["GET", "POST"])
def town(request: StaffRequest) -> HttpResponseBase:
    """Put a town on the map: its addresses go there, those to come as well."""
    actor = request.actor
    actor.require_whole(placing.BULK)
    asked = {name: request.GET.get(name, "") for name in ("name", "country")}
    form = TownForm(initial={**asked, "country": asked["country"] or country()})
    if request.method == "POST":
        form = TownForm(request.POST)
        if form.is_valid() and form.position is not None:
            try:
                made, operation = placing.put_town(
                    actor,
                    country=form.cleaned_data["country"],
                    name=form.cleaned_data["name"],
                    position=form.position,
                )
            except services.ContactError as error:
                form.refuse(error)
            else:
                count = operation.counts["changed"] if operation else 0
                words = ngettext(
                    "%(town)s is on the map, with %(n)s address.",
                    "%(town)s is on the map, with %(n)s addresses.",
                    count,
                ) % {"town": made.name, "n": format_number(count, language())}
                messages.success(request, words)
                return redirect(reverse("contacts:map_towns"))
    return _place_page(request, form, title=_("Put a town on the map"), back=reverse("contacts:map_towns"))


@require_http_methods(["GET", "POST"])
def place(request: StaffRequest, party_id: int, point_id: int) -> HttpResponseBase:
    """Say where one address lies, or that nobody knows."""
    party = editable(request, party_id)
    try:
        point = records.point(request.actor, party, point_id)
    except ContactPoint.DoesNotExist:
        raise Http404 from None
    if point.kind != ContactPoint.Kind.ADDRESS:
        raise Http404
    if point.kind not in records.open_kinds(request.actor, party):
        raise Forbidden(point.kind)
    known = None if point.latitude is None or point.longitude is None else (point.latitude, point.longitude)
    form = PositionForm(initial=PositionForm.starting(known))
    back = reverse("contacts:party", args=[party.pk])
    if request.method == "POST":
        form = PositionForm(request.POST)
        remove = "remove" in request.POST
        if remove or (form.is_valid() and form.position is not None):
            try:
                placing.set_place(request.actor, party, point, None if remove else form.position)
            except services.ContactError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Saved."))
                return redirect(back)
    title = _("Place of %(name)s") % {"name": party.full_name}
    return _place_page(request, form, title=title, back=back, point=point, known=known)


def _place_page(
    request: StaffRequest, form: PositionForm, *, title: str, back: str, **more: Any
) -> HttpResponse:
    known = more.get("known")
    box = None if known is None else [known[1] - 0.05, known[0] - 0.05, known[1] + 0.05, known[0] + 0.05]
    context = {
        "form": form,
        "title": title,
        "back": back,
        "crumbs": [*crumbs(), {"label": _("Map"), "url": reverse("contacts:map")}],
        "map": {"pick": True, "box": box, "layers": []},
        **more,
    }
    return render(request, "contacts/map/place.html", context, status=422 if form.errors else 200)
