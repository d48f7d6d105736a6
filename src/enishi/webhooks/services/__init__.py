"""Setting up webhooks and sending what they are told: one function per use case."""

from enishi.webhooks.services.endpoints import (
    WebhookError,
    remove,
    renew_secret,
    save,
    secrets_of,
    switch,
    take_over,
)
from enishi.webhooks.services.sending import (
    forget_old,
    run,
    run_test,
    send_again,
    send_test,
    sort_fresh,
    switch_off,
)

__all__ = [
    "WebhookError",
    "forget_old",
    "remove",
    "renew_secret",
    "run",
    "run_test",
    "save",
    "secrets_of",
    "send_again",
    "send_test",
    "sort_fresh",
    "switch",
    "switch_off",
    "take_over",
]
