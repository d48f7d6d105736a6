from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WritingConfig(AppConfig):
    name = "enishi.writing"
    label = "writing"
    verbose_name = _("Drafts")
    rights = {
        "writing.use": _("Have drafts written by the outside service"),
        "writing.setup": _("Set up the service that writes drafts"),
    }
