"""Signing out here and at a SAML service at once, whichever side begins."""

from __future__ import annotations

from collections import Counter

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from enishi.accounts import signals
from enishi.accounts.access import system_actor
from enishi.accounts.models import ServiceSession, SignInService, User
from enishi.accounts.saml import protocol, signing_out
from enishi.accounts.services.saml import use_word
from enishi.accounts.services.saml_keys import our_pairs
from enishi.core import clock
from enishi.core.events import record


def keep_service_session(service: SignInService, user: User, session_key: str, named: protocol.Named) -> int:
    """Keep by which words a service calls a session that it began; 0 when it calls it by none that can be kept."""
    try:
        ServiceSession(session_key=session_key, **vars(named)).clean_fields(exclude=["service", "user"])
    except ValidationError:
        return 0
    row, _made = ServiceSession.objects.update_or_create(
        session_key=session_key, defaults={"service": service, "user": user, **vars(named)}
    )
    return row.pk


def follow_session(row_id: int, session_key: str) -> None:
    """The same session has another key, as after a new password."""
    ServiceSession.objects.filter(pk=row_id).update(session_key=session_key)


def begin_signing_out(session_key: str) -> tuple[SignInService, signing_out.Message] | None:
    """What to ask the service that began this session, now that it ends; None when nobody is to be asked."""
    row = ServiceSession.objects.filter(session_key=session_key).select_related("service").first()
    if row is None:
        return None
    service = row.service
    if not (service.active and service.signs_out and service.sign_out_url):
        return None
    try:
        return service, signing_out.ask(service, our_pairs(service)[0], row)
    except protocol.Unavailable:
        return None


@transaction.atomic
def end_as_asked(service: SignInService, asked: signing_out.Asked) -> int:
    """End the sessions that a service names, on whatever device they are. Raises Refused for what it said before."""
    use_word(service, f"leave {asked.id}", asked.until)
    meant = ServiceSession.objects.filter(service=service, name=asked.name)
    if asked.numbers:
        meant = meant.filter(number__in=asked.numbers)
    if asked.name_qualifier:
        meant = meant.filter(Q(name_qualifier="") | Q(name_qualifier=asked.name_qualifier))
    rows = list(meant.select_related("user").order_by("pk"))
    keys = {row.session_key: row.user for row in rows}
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=clock.now())
    ended = Counter(keys[key] for key in alive.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    ServiceSession.objects.filter(pk__in=[row.pk for row in rows]).delete()
    actor = system_actor(service.name)
    for user, number in ended.items():
        record(
            actor, signals.sessions_ended, subject=user, data={"sessions": number, "service": service.slug}
        )
    return ended.total()


def tell_it_is_done(service: SignInService, asked: signing_out.Asked) -> signing_out.Message | None:
    """Our answer; None for a service that told no address for it."""
    if not service.sign_out_url and not service.sign_out_answer_url:
        return None
    return signing_out.answer(service, our_pairs(service)[0], asked)
