from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlacesConfig(AppConfig):
    name = "enishi.places"
    label = "places"
    verbose_name = _("Map layers")
    rights = {
        "places.view": _("See the layers of a project on the map"),
        "places.edit": _("Put layers on the map of a project"),
    }
