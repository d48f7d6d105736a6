from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThemesConfig(AppConfig):
    name = "enishi.themes"
    label = "themes"
    verbose_name = _("Themes")
    rights = {
        "themes.setup": _("Set up themes"),
        "themes.reply": _("Tell people what was done about what they said"),
    }
