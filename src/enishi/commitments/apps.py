from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommitmentsConfig(AppConfig):
    name = "enishi.commitments"
    label = "commitments"
    verbose_name = _("Promises and tasks")
    rights = {
        "commitments.view": _("See promises and tasks"),
        "commitments.edit": _("Make, change and settle promises and tasks"),
        "commitments.oversee": _("Oversee promises and cases: told when they stay late"),
        "commitments.delete": _("Delete promises and tasks"),
    }
    by_owner = ("commitments.view", "commitments.edit", "commitments.delete")
