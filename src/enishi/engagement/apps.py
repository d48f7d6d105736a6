from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngagementConfig(AppConfig):
    name = "enishi.engagement"
    label = "engagement"
    verbose_name = _("Stakeholders")
    rights = {
        "engagement.view": _("See how stakeholders stand"),
        "engagement.rate": _("Rate stakeholders"),
        "engagement.plan": _("Plan engagement and say what was done"),
        "engagement.share": _("Write down who was given which file"),
    }
