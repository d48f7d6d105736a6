"""What a project draws on the map: its site, its zones, its lines."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import ScopedModel

STANDING = Q(removed_at__isnull=True)


class Layer(ScopedModel):
    """Shapes of a project under one name.

    ``shapes`` is what was read of a GeoJSON file and nothing else of it: ``{"name": …, "type": …, "coordinates": …}`` each, in degrees
    of WGS 84, two numbers a corner, rings closed.
    """

    view_right: ClassVar[str] = "places.view"

    name = models.CharField(_("name"), max_length=100)
    shapes = models.JSONField(_("shapes"))
    corners = models.PositiveIntegerField(_("corners"))
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    shown = models.BooleanField(_("shown on the map"), default=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="layer_has_a_name"),
            models.CheckConstraint(
                condition=Q(west__gte=-180, east__lte=180, south__gte=-90, north__lte=90)
                & Q(west__lte=F("east"), south__lte=F("north")),
                name="layer_on_earth",
            ),
            models.UniqueConstraint(fields=["project", "name"], condition=STANDING, name="layer_once"),
        ]
        indexes = [models.Index(fields=["project", "name"], condition=STANDING, name="layer_of_project")]

    def __str__(self) -> str:
        return self.name

    @property
    def areas(self) -> list[tuple[int, dict[str, Any]]]:
        """The shapes that enclose something, with their places in the layer."""
        return [pair for pair in enumerate(self.shapes) if pair[1]["type"] in {"Polygon", "MultiPolygon"}]
