"""The map of a project with its layers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.answers import done, found, refused
from enishi.accounts.models import Project
from enishi.accounts.requests import StaffRequest
from enishi.contacts.queries import lists, places, tree
from enishi.core import registry
from enishi.places import queries, services
from enishi.places.forms import LayerForm
from enishi.places.models import Layer
from enishi.places.services import EDIT, VIEW


@require_http_methods(["GET", "POST"])
def project_map(request: StaffRequest, project_id: int) -> HttpResponseBase:
    """The people of a project around its site; its layers, and a file that becomes one."""
    project: Project = found(accounts.project, request.actor, project_id)
    request.actor.require(EDIT if request.method == "POST" else VIEW, project.pk)
    form = LayerForm()
    if request.method == "POST":
        form = LayerForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                made = services.add_layer(
                    request.actor,
                    project=project,
                    name=form.cleaned_data["name"],
                    raw=form.cleaned_data["file"].read(),
                )
            except services.PlacesError as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                words = _("“%(name)s” is on the map.") % {"name": made.name}
                return done(
                    request, words, after=request.path, undo_url=reverse("places:remove", args=[made.pk])
                )
    standing = list(queries.layers(request.actor, project.pk))
    node = tree.Node("and", (tree.Leaf("project", "is", [str(project.pk)]),))
    query = urlencode({"f": tree.encode(node)})
    zones = {value.partition(":")[0] for value, _label in queries.zones(request.actor)}
    context = {
        "project": project,
        "tabs": registry.project_tabs(request.actor, project, "map"),
        "form": form,
        "may_edit": request.actor.may(EDIT, project.pk),
        "layers": [
            {"layer": one, "people_url": _people_url(one) if str(one.pk) in zones else ""} for one in standing
        ],
        "map_url": f"{reverse('contacts:map')}?{query}",
        "map": {
            "cells": f"{reverse('contacts:map_cells')}?{query}",
            "area": f"{reverse('contacts:map_area')}?{query}",
            "box": _box(standing) or places.extent(request.actor, lists.ListSpec(filter=node)),
            "areas": [],
            "layers": [drawn(one) for one in standing if one.shown],
        },
    }
    return render(request, "places/project.html", context, status=422 if form.errors else 200)


def _people_url(layer: Layer) -> str:
    node = tree.Node("and", (tree.Leaf("zone", "is", [str(layer.pk)]),))
    return f"{reverse('contacts:list')}?{urlencode({'f': tree.encode(node)})}"


def _box(standing: list[Layer]) -> list[float] | None:
    if not standing:
        return None
    box = [
        min(one.west for one in standing),
        min(one.south for one in standing),
        max(one.east for one in standing),
        max(one.north for one in standing),
    ]
    side = max(box[2] - box[0], box[3] - box[1], 0.02) / 2
    return [
        max(box[0] - side, -180),
        max(box[1] - side, -85),
        min(box[2] + side, 180),
        min(box[3] + side, 85),
    ]


def drawn(layer: Layer) -> dict[str, Any]:
    """A layer as the script of the map is told of it."""
    return {"url": reverse("places:shapes", args=[layer.pk]), "label": layer.name}


@require_GET
def shapes(request: StaffRequest, layer_id: int) -> HttpResponse:
    """A layer as GeoJSON, for the map and for other programs."""
    layer: Layer = found(queries.layer, request.actor, layer_id)
    return JsonResponse(queries.as_geojson(layer), content_type="application/geo+json")


def _page(layer: Layer) -> str:
    return reverse("places:project", args=[layer.project_id])


@require_POST
def show(request: StaffRequest, layer_id: int) -> HttpResponse:
    """Draw a layer on the map, or no longer."""
    layer: Layer = found(queries.layer, request.actor, layer_id)
    layer = services.change_layer(request.actor, layer, shown="shown" in request.POST)
    words = _("“%(name)s” is shown.") if layer.shown else _("“%(name)s” is hidden.")
    return done(request, words % {"name": layer.name}, after=_page(layer))


@require_POST
def remove(request: StaffRequest, layer_id: int) -> HttpResponse:
    """Take a layer off the map."""
    layer: Layer = found(queries.layer, request.actor, layer_id)
    services.remove_layer(request.actor, layer)
    words = _("“%(name)s” is off the map.") % {"name": layer.name}
    return done(request, words, after=_page(layer), undo_url=reverse("places:restore", args=[layer.pk]))


@require_POST
def restore(request: StaffRequest, layer_id: int) -> HttpResponse:
    """Put a layer back."""

    def read(actor: Any, pk: int) -> Layer:
        return queries.layer(actor, pk, removed=True)

    layer: Layer = found(read, request.actor, layer_id)
    try:
        services.restore_layer(request.actor, layer)
    except services.PlacesError as error:
        return refused(request, str(error), after=_page(layer))
    return done(request, _("“%(name)s” is on the map.") % {"name": layer.name}, after=_page(layer))
