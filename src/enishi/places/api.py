"""Layers of the map for programs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status

from enishi.accounts import queries as accounts
from enishi.accounts.requests import StaffRequest
from enishi.core.api import PAGE, Id, Limit, Page, Problem, Text, cursor, read_cursor
from enishi.places import queries, services
from enishi.places.models import Layer

layers = Router(tags=["Layers of the map"])
Name = Annotated[Text, Field(min_length=1, max_length=100)]


class LayerOut(Schema):
    """Shapes of a project under one name; ``west`` to ``north`` is the box around them, in degrees of WGS 84."""

    id: int
    project_id: int
    name: str
    corners: int
    west: float
    south: float
    east: float
    north: float
    shown: bool
    user_id: int | None
    confidentiality: int
    created_at: dt.datetime


class LayerWhole(LayerOut):
    """With its shapes, as a FeatureCollection of GeoJSON (RFC 7946)."""

    geojson: dict[str, Any]

    @staticmethod
    def resolve_geojson(layer: Layer) -> dict[str, Any]:
        return queries.as_geojson(layer)


class LayerIn(Schema):
    """``geojson``: a FeatureCollection, a Feature or a geometry, at most 2 MB."""

    project_id: Id
    name: Name
    geojson: dict[str, Any]


class LayerPatch(Schema):
    """Only what is sent is changed."""

    name: Name | None = None
    shown: bool | None = None


class Asked(Schema):
    project_id: Id | None = None
    cursor: Annotated[str, Field(max_length=500)] = ""
    limit: Limit = PAGE


def _saved(action: Callable[[], Layer]) -> Layer:
    try:
        return action()
    except services.PlacesError as error:
        field = {"file": "geojson"}.get(error.field, error.field or "body")
        raise Problem(422, "This cannot be saved", errors=[(field, str(error))]) from None


@layers.get("", response=Page[LayerOut], summary="List layers of the map")
def list_layers(request: StaffRequest, asked: Query[Asked]) -> Any:
    """Newest first, without their shapes."""
    request.actor.require(services.VIEW)
    place = read_cursor(asked.cursor)
    found = queries.layers(request.actor, asked.project_id).order_by("-pk")
    if place is not None:
        found = found.filter(pk__lt=place[1])
    rows = list(found[: asked.limit + 1])
    more = len(rows) > asked.limit
    return {"items": rows[: asked.limit], "next": cursor(None, rows[asked.limit - 1].pk) if more else None}


@layers.post("", response={201: LayerWhole}, summary="Put a layer on the map")
def add_layer(request: StaffRequest, data: LayerIn, response: HttpResponse) -> Any:
    project = accounts.project(request.actor, data.project_id, services.EDIT)
    raw = json.dumps(data.geojson).encode()
    made = _saved(lambda: services.add_layer(request.actor, project=project, name=data.name, raw=raw))
    response["Location"] = f"{request.path}/{made.pk}"
    return Status(201, made)


@layers.get("/{layer_id}", response=LayerWhole, summary="Read a layer of the map")
def read_layer(request: StaffRequest, layer_id: Id) -> Any:
    return queries.layer(request.actor, layer_id)


@layers.patch("/{layer_id}", response=LayerWhole, summary="Rename, show or hide a layer")
def change_layer(request: StaffRequest, layer_id: Id, data: LayerPatch) -> Any:
    found = queries.layer(request.actor, layer_id)
    return _saved(lambda: services.change_layer(request.actor, found, **data.dict(exclude_unset=True)))


@layers.delete("/{layer_id}", response={204: None}, summary="Take a layer off the map")
def remove_layer(request: StaffRequest, layer_id: Id) -> Any:
    """It can be put back on the page of the project."""
    services.remove_layer(request.actor, queries.layer(request.actor, layer_id))
    return Status(204, None)
