from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "enishi.cases"
    label = "cases"
    verbose_name = _("Cases")
    rights = {
        "cases.view": _("See cases"),
        "cases.edit": _("Open, work on and close cases"),
        "cases.manage": _("Keep people out of cases, and set up the public page"),
        "cases.unmask": _("Open the address of somebody anonymous, two people together"),
    }
    by_owner = ("cases.view", "cases.edit")
