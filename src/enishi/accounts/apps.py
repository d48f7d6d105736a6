from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "enishi.accounts"
    label = "accounts"
    verbose_name = _("People and rights")
    rights = {
        "accounts.manage": _("Manage users, teams, roles and projects"),
        "accounts.settings": _("Change the settings of the organisation"),
        "accounts.provision": _("Provision people and teams by SCIM"),
    }
