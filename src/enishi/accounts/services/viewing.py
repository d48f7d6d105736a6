"""Looking at pages as a colleague sees them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.accounts.services.rules import MANAGE, AccountError
from enishi.core.events import record


def begin_viewing(actor: Actor, user: User) -> None:
    """Note in the history that somebody looks as a colleague from now on. Raises AccountError where that says nothing."""
    actor.require_everywhere(MANAGE)
    if user.pk == actor.user_id:
        raise AccountError(_("These are your own pages already. Choose a colleague."))
    if not user.is_active:
        raise AccountError(_("%(name)s is not active and sees nothing.") % {"name": user})
    record(actor, signals.viewing_began, subject=user)


def end_viewing(actor: Actor, user: User) -> None:
    """Note that they look with their own eyes again."""
    record(actor, signals.viewing_ended, subject=user)
