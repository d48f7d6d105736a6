"""Setting mailboxes up and reading them: one function per use case."""

from enishi.mailboxes.services.enclosures import MOST_BYTES, Unsure, forget_erased, forget_unused, hold
from enishi.mailboxes.services.reading import read, wake
from enishi.mailboxes.services.replies import drop, forget_unsent, reply, send, send_again
from enishi.mailboxes.services.setup import (
    Draft,
    MailboxError,
    read_now,
    remove,
    save,
    switch,
    test,
)

__all__ = [
    "MOST_BYTES",
    "Draft",
    "MailboxError",
    "Unsure",
    "drop",
    "forget_erased",
    "forget_unsent",
    "forget_unused",
    "hold",
    "read",
    "read_now",
    "remove",
    "reply",
    "save",
    "send",
    "send_again",
    "switch",
    "test",
    "wake",
]
