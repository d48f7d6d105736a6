from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "enishi.privacy"
    label = "privacy"
    verbose_name = _("Privacy")
    rights = {
        "privacy.export": _("Give out everything that is kept about a person"),
        "privacy.retain": _("Say how long things are kept, and switch that on"),
        "privacy.erase": _("Erase people for good, and keep them from being erased"),
    }
