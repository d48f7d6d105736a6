from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "enishi.reports"
    label = "reports"
    verbose_name = _("Reports")
    rights = {
        "reports.view": _("See and download reports"),
        "reports.make": _("Make reports"),
    }
