"""What the history keeps of signing in."""

from __future__ import annotations

from collections.abc import Iterable

from enishi.accounts import signals
from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.accounts.queries import organisation
from enishi.core.events import record


def note_sign_in(actor: Actor, *, methods: Iterable[str], address: str) -> None:
    """Keep in the history that somebody signed in, how and from where."""
    user = User(pk=actor.user_id, name=actor.name)
    record(actor, signals.signed_in, subject=user, data={"methods": list(methods), "address": address})


def note_failed_sign_in(actor: Actor, *, email: str, address: str, step: str = "first") -> None:
    """Keep that somebody tried in vain. What was typed for an unknown account is not kept: it may be a password."""
    user = User.objects.filter(email__iexact=email).first() if email else None
    record(
        actor,
        signals.sign_in_failed,
        subject=user or organisation(),
        data={"step": step, "address": address, "known": user is not None},
    )


def note_second_factor(actor: Actor, user: User, *, kind: str, what: str) -> None:
    """Keep that a second factor was added, removed or renewed."""
    record(actor, signals.second_factor_changed, subject=user, data={"kind": kind, "what": what})
