"""Where layers stand on shared pages: the tabs of a project, the map of contacts, the filter of their list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.queries.filters import IS, FilterField
from enishi.core.registry import ProjectTab, add_project_tab, provide
from enishi.places import queries
from enishi.places.services import VIEW

add_project_tab(ProjectTab("map", _("Map"), "places:project", VIEW, order=35))


@provide("contacts.map", "places")
def layers_on_map(actor: Actor, project_id: int | None) -> list[dict[str, Any]]:
    """The layers that are shown, with their project where several are looked at."""
    found = queries.layers(actor, project_id).filter(shown=True)[: queries.MOST]
    return [
        {
            "url": reverse("places:shapes", args=[one.pk]),
            "label": one.name if project_id else f"{one.project.name}: {one.name}",
        }
        for one in found
    ]


@provide("contacts.filter", "zone")
def zone_filter() -> FilterField:
    return FilterField(
        code="zone",
        label=_("Zone"),
        icon="map-route",
        kind="choice",
        compare=IS,
        build=queries.inside,
        choices=queries.zones,
        reads="address",
    )


@provide("timeline.fields", "places.layer")
def layer_fields() -> Mapping[str, Any]:
    return {"name": _("name"), "shapes": _("shapes"), "corners": _("corners"), "shown": _("shown on the map")}
