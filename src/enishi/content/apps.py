from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    name = "enishi.content"
    label = "content"
    verbose_name = _("Files")
    rights = {
        "content.view": _("See files"),
        "content.edit": _("Add and change files"),
        "content.delete": _("Delete files"),
    }
    by_owner = ("content.view", "content.edit", "content.delete")
