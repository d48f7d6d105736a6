from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailboxesConfig(AppConfig):
    name = "enishi.mailboxes"
    label = "mailboxes"
    verbose_name = _("Mailboxes")
    rights = {"mailboxes.manage": _("Set up mailboxes")}
