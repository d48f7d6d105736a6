"""The layers of projects, and who is inside their areas."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.contacts.queries.positions import having, in_ring, placed
from enishi.places.models import STANDING, Layer

MOST = 50
"""So many layers are offered on a map or as a condition."""


def layers(actor: Actor, project_id: int | None = None) -> ScopedQuerySet[Layer]:
    """The layers that stand, of one project or of all, within the actor's reach; without their shapes."""
    found = Layer.objects.visible_to(actor).filter(STANDING).select_related("project", "user").defer("shapes")
    return found if project_id is None else found.filter(project=project_id)


def layer(actor: Actor, layer_id: int, *, removed: bool = False) -> Layer:
    """One layer; raises Layer.DoesNotExist."""
    found = Layer.objects.visible_to(actor).select_related("project")
    return found.get(pk=layer_id) if removed else found.filter(STANDING).get(pk=layer_id)


def as_geojson(found: Layer) -> dict[str, Any]:
    """A layer as GeoJSON again."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": shape["name"]},
                "geometry": {"type": shape["type"], "coordinates": shape["coordinates"]},
            }
            for shape in found.shapes
        ],
    }


def zones(actor: Actor) -> list[tuple[str, str]]:
    """Areas one can filter by: each layer that has some, and each of its named areas where there are several."""
    offered = []
    found = Layer.objects.visible_to(actor).filter(STANDING).select_related("project")
    for one in found.order_by("project__name", "name", "pk")[:MOST]:
        areas = one.areas
        label = f"{one.project.name}: {one.name}"
        if areas:
            offered.append((str(one.pk), label))
        if len(areas) > 1:
            offered += [
                (f"{one.pk}:{n}", f"{label} / {shape['name']}") for n, shape in areas[:MOST] if shape["name"]
            ]
    return offered


def inside(actor: Actor, cmp: str, value: Any) -> Q:
    """Who has an address in one of these layers or areas; raises ValueError for one that is not there (any more)."""
    wanted = [str(item).partition(":") for item in (value if isinstance(value, list) else [value]) if item]
    ids = {
        int(layer_id) for layer_id, _colon, _number in wanted if layer_id.isdecimal() and len(layer_id) < 18
    }
    found = {one.pk: one for one in Layer.objects.visible_to(actor).filter(STANDING, pk__in=ids)}
    reach = Q(pk__in=[])
    for layer_id, _colon, number in wanted:
        one = found.get(int(layer_id)) if layer_id.isdecimal() and len(layer_id) < 18 else None
        areas = [shape for n, shape in (one.areas if one else []) if number in ("", str(n))]
        if not areas:
            raise ValueError(_("this zone is not there any more, or is not shared with you"))
        for shape in areas:
            reach |= _of_shape(shape)
    if not wanted:
        raise ValueError(_("choose something"))
    who = having(placed().filter(reach))
    return ~who if cmp == "not" else who


def _of_shape(shape: dict[str, Any]) -> Q:
    parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    reach = Q(pk__in=[])
    for outer, *holes in parts:
        part = Q(_ring(outer))
        for hole in holes:
            part &= ~Q(_ring(hole))
        reach |= part
    return reach


def _ring(ring: list[list[float]]) -> Any:
    return in_ring([(lat, lng) for lng, lat in ring[:-1]])
