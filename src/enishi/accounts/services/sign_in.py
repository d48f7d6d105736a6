"""What is kept of signing in, and ending sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef

from enishi.accounts import signals
from enishi.accounts.access import Actor
from enishi.accounts.models import ServiceSession, SignIn, User
from enishi.accounts.queries import grants_of, organisation
from enishi.accounts.services.rules import MANAGE, require_grants_within
from enishi.core import clock
from enishi.core.events import record

_AGENT = 200


@transaction.atomic
def note_sign_in(actor: Actor, *, methods: Iterable[str], address: str, agent: str = "") -> None:
    """Keep that somebody signed in and how. From where is not sealed into the history: it is forgotten in time."""
    user = User(pk=actor.user_id, name=actor.name)
    how = list(methods)
    record(actor, signals.signed_in, subject=user, data={"methods": how})
    _keep(actor.user_id, SignIn.Outcome.IN, how, address, agent)


@transaction.atomic
def note_failed_sign_in(
    actor: Actor,
    *,
    email: str,
    address: str,
    agent: str = "",
    outcome: SignIn.Outcome = SignIn.Outcome.WRONG,
    method: str = "password",
) -> None:
    """Keep that somebody tried in vain. What was typed for an unknown account is not kept: it may be a password."""
    user = User.objects.filter(email__iexact=email).first() if email else None
    step = "second" if outcome == SignIn.Outcome.SECOND else "first"
    record(
        actor,
        signals.sign_in_failed,
        subject=user or organisation(),
        data={"step": step, "known": user is not None},
    )
    _keep(user.pk if user else None, outcome, [method] if method else [], address, agent)


def _keep(user_id: int | None, outcome: str, methods: list[str], address: str, agent: str) -> None:
    SignIn.objects.create(
        user_id=user_id,
        at=clock.now(),
        outcome=outcome,
        methods=methods,
        address=address,
        agent=agent[:_AGENT],
    )


def forget_old_sign_ins() -> int:
    """Remove what is older than the organisation keeps; a nightly job."""
    oldest = clock.now() - dt.timedelta(days=organisation().sign_in_days)
    return SignIn.objects.filter(at__lt=oldest).delete()[0]


def forget_old_sessions() -> int:
    """Remove sessions that have run out, and from where they were used; a nightly job."""
    gone = Session.objects.filter(expire_date__lte=clock.now()).delete()[0]
    there = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(there)).delete()
    ServiceSession.objects.filter(~Exists(there)).delete()
    return gone


@transaction.atomic
def end_sessions(actor: Actor, user: User, *, only: UserSession | None = None, besides: str = "") -> int:
    """Sign somebody out, everywhere or in one session; ``besides`` is the key of a session that stays.

    People end their own sessions, an administrator those of anybody who may not more than they do.
    """
    if actor.user_id != user.pk:
        actor.require_everywhere(MANAGE)
        require_grants_within(actor, grants_of(user))
    ending = [only] if only else UserSession.objects.filter(user=user).exclude(session_key=besides)
    ended = 0
    for session in ending:
        session.end()
        ended += 1
    if ended:
        record(actor, signals.sessions_ended, subject=user, data={"sessions": ended})
    return ended


def note_second_factor(actor: Actor, user: User, *, kind: str, what: str) -> None:
    """Keep that a second factor was added, removed or renewed."""
    record(actor, signals.second_factor_changed, subject=user, data={"kind": kind, "what": what})
