from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "enishi.webhooks"
    label = "webhooks"
    verbose_name = _("Webhooks")
    rights = {"webhooks.manage": _("Set up webhooks")}
