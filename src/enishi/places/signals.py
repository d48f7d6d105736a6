from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

layer_added = Event("places.layer_added", _("Layer put on the map"))
layer_changed = Event("places.layer_changed", _("Layer of the map changed"))
layer_removed = Event("places.layer_removed", _("Layer taken off the map"))
layer_restored = Event("places.layer_restored", _("Layer put back on the map"))
