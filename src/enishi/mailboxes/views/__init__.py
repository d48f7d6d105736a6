"""Setting up mailboxes, signing in for them, looking at what came from them, and answering."""

from enishi.mailboxes.views.providers import new_provider, provider, remove_provider, sign_in, signed_in
from enishi.mailboxes.views.replies import again, drop, reply
from enishi.mailboxes.views.setup import aside, edit, mailbox, mailboxes, new, read, remove, switch, test

__all__ = [
    "again",
    "aside",
    "drop",
    "edit",
    "mailbox",
    "mailboxes",
    "new",
    "new_provider",
    "provider",
    "read",
    "remove",
    "remove_provider",
    "reply",
    "sign_in",
    "signed_in",
    "switch",
    "test",
]
