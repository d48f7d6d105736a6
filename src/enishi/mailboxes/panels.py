"""Where mailboxes stand in the navigation, and what they tell other apps."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from enishi.conversations.services.mail_import import OURS
from enishi.core.registry import MenuEntry, add_menu, provide
from enishi.mailboxes import queries

add_menu(
    MenuEntry(
        "setup",
        _("Mailboxes"),
        "mailboxes:mailboxes",
        "mailbox",
        right=queries.RIGHT,
        order=92,
        everywhere=True,
    )
)
provide(OURS, "mailboxes")(queries.addresses)
