"""Putting layers on the map of a project, showing and hiding them, taking them off and back."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.core import clock, text
from enishi.core.errors import Refusal
from enishi.places import reading, signals
from enishi.places.models import STANDING, Layer
from enishi.timeline.services import record

VIEW = "places.view"
EDIT = "places.edit"
MOST_LAYERS = 50
_WHY = "a layer that the actor may change"


class PlacesError(Refusal):
    """A layer cannot be saved as asked; ``field`` is where, the text says why and what to do."""


@transaction.atomic
def add_layer(actor: Actor, *, project: Project, name: str, raw: bytes) -> Layer:
    """Put the shapes of a GeoJSON file on the map of a project under a name; raises PlacesError."""
    actor.require(EDIT, project.pk)
    try:
        found = reading.read(raw)
    except reading.Unreadable as error:
        raise PlacesError(str(error), "file") from None
    if Layer.objects.unscoped(_WHY).filter(STANDING, project=project).count() >= MOST_LAYERS:
        raise PlacesError(
            _("A project has at most %(n)s layers. Take one off first.") % {"n": MOST_LAYERS}, "file"
        )
    west, south, east, north = found.box
    layer = Layer(
        project=project,
        name=_name(name),
        shapes=found.shapes,
        corners=found.corners,
        west=west,
        south=south,
        east=east,
        north=north,
        user_id=actor.user_id,
        confidentiality=project.default_level,
        created_at=clock.now(),
    )
    _save(layer, force_insert=True)
    facts = {"name": ("", layer.name), "shapes": (0, len(layer.shapes)), "corners": (0, layer.corners)}
    record(actor, signals.layer_added, subject=layer, changes=facts)
    return layer


def _name(name: str) -> str:
    name = " ".join(text.strip_bidi(text.clean(name)).split())[:100]
    if not name:
        raise PlacesError(_("Give the layer a name, like “Site boundary”."), "name")
    return name


def _save(layer: Layer, *, force_insert: bool = False) -> None:
    try:
        with transaction.atomic():
            layer.save(force_insert=force_insert)
    except IntegrityError:
        raise PlacesError(
            _("This project has a layer “%(name)s” already. Choose another name, or take that one off first.")
            % {"name": layer.name},
            "name",
        ) from None


def _locked(actor: Actor, layer: Layer) -> Layer:
    actor.require(EDIT, layer.project_id)
    return Layer.objects.unscoped(_WHY).select_for_update(no_key=True, of=("self",)).get(pk=layer.pk)


@transaction.atomic
def change_layer(actor: Actor, layer: Layer, *, name: str | None = None, shown: bool | None = None) -> Layer:
    """Give a layer another name, or draw it on the map or not."""
    layer = _locked(actor, layer)
    before = {"name": layer.name, "shown": layer.shown}
    layer.name = layer.name if name is None else _name(name)
    layer.shown = layer.shown if shown is None else shown
    after = {"name": layer.name, "shown": layer.shown}
    changes = {field: (before[field], after[field]) for field in before if before[field] != after[field]}
    if changes:
        _save(layer)
        record(actor, signals.layer_changed, subject=layer, changes=changes)
    return layer


@transaction.atomic
def remove_layer(actor: Actor, layer: Layer) -> Layer:
    """Take a layer off the map; it can be put back."""
    layer = _locked(actor, layer)
    if layer.removed_at is None:
        layer.removed_at = clock.now()
        layer.save(update_fields=["removed_at"])
        record(actor, signals.layer_removed, subject=layer)
    return layer


@transaction.atomic
def restore_layer(actor: Actor, layer: Layer) -> Layer:
    """Put a layer back on the map; raises PlacesError when another has its name by now."""
    layer = _locked(actor, layer)
    if layer.removed_at is not None:
        layer.removed_at = None
        _save(layer)
        record(actor, signals.layer_restored, subject=layer)
    return layer
