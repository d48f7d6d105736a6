"""Setting mailboxes up and reading them: one function per use case."""

from enishi.mailboxes.services.reading import read, wake
from enishi.mailboxes.services.setup import (
    Draft,
    MailboxError,
    read_now,
    remove,
    save,
    switch,
    test,
)

__all__ = ["Draft", "MailboxError", "read", "read_now", "remove", "save", "switch", "test", "wake"]
