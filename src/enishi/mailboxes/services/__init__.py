"""Setting mailboxes up, reading them and answering from them: one function per use case."""

from enishi.mailboxes.services.enclosures import MOST_BYTES, Unsure, forget_erased, forget_unused, hold
from enishi.mailboxes.services.errors import MailboxError
from enishi.mailboxes.services.providers import ProviderDraft, back, remove_provider, save_provider
from enishi.mailboxes.services.reading import read, wake
from enishi.mailboxes.services.replies import drop, forget_unsent, reply, send, send_again
from enishi.mailboxes.services.setup import Draft, read_now, remove, save, switch, test
from enishi.mailboxes.services.signing_in import Begun, begin_sign_in, finish_sign_in

__all__ = [
    "MOST_BYTES",
    "Begun",
    "Draft",
    "MailboxError",
    "ProviderDraft",
    "Unsure",
    "back",
    "begin_sign_in",
    "drop",
    "finish_sign_in",
    "forget_erased",
    "forget_unsent",
    "forget_unused",
    "hold",
    "read",
    "read_now",
    "remove",
    "remove_provider",
    "reply",
    "save",
    "save_provider",
    "send",
    "send_again",
    "switch",
    "test",
    "wake",
]
