"""Where mailboxes stand in the navigation, and what they tell other apps."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.conversations.models import Interaction
from enishi.conversations.services.invitation_mail import WAY_IN
from enishi.conversations.services.mail_import import OURS
from enishi.conversations.services.silencing import SILENCED
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, Shown, add_menu, panel, provide
from enishi.mailboxes import queries, services
from enishi.mailboxes.personal import MailboxesKeeper

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
provide(PLACE, MailboxesKeeper.code)(MailboxesKeeper)
provide(OURS, "mailboxes")(queries.addresses)
provide(WAY_IN, "mailboxes")(queries.way_in)
provide(SILENCED, "mailboxes")(services.forget_unsent)


@panel("conversations.interaction.end", order=10)
def answer(actor: Actor, talk: Interaction) -> Shown | None:
    """The way to answer an e-mail, and answers that are on their way or did not go."""
    if talk.channel != Interaction.Channel.EMAIL:
        return None
    unsent = queries.unsent(actor, talk)
    may = bool(queries.ways_out(actor, talk))
    if not unsent and not may:
        return None
    return Shown("mailboxes/panel.html", {"talk": talk, "unsent": unsent, "may": may})


@provide("timeline.values", "mailboxes.mailbox")
def value(name: str, value: Any) -> str | None:
    """A project by its name; a port is no number that one counts with."""
    if name == "project" and isinstance(value, int):
        return queries.project_name(value)
    return str(value) if name in {"port", "smtp_port"} else None
