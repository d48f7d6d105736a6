from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "enishi.conversations"
    label = "conversations"
    verbose_name = _("Conversations")
    rights = {
        "conversations.view": _("See conversations"),
        "conversations.edit": _("Log and change conversations"),
        "conversations.delete": _("Delete conversations"),
    }
    by_owner = ("conversations.view", "conversations.edit", "conversations.delete")
