"""The mails of an invitation: words in the reader's language, and the entry for their calendar.

A mail is claimed before it is handed over. After a crash in between it goes once more: its entry has the same UID and
sequence, so that a calendar that has it already keeps one.
"""

from __future__ import annotations

import zoneinfo
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.accounts.queries import organisation
from enishi.conversations.calendar_file import Entry, Person, calendar_file, uid_of
from enishi.conversations.models import Interaction, Invitation, Invitee
from enishi.conversations.queries.invitations import answer_url
from enishi.conversations.services.invitations import USUAL_MINUTES, organiser
from enishi.core import clock, formats
from enishi.core.mail import Handed, hand_over
from enishi.core.registry import providers

State = Invitee.State
WAY_IN = "conversations.way_in"
"""A provider says at which address mail of a conversation is read; "" for nowhere."""


class ServerAway(Exception):
    """The mail server cannot be reached; the job is tried again."""


def send_invitations(interaction_id: int) -> int:
    """Hand over what waits; returns how many. Raises ServerAway. One after another for each conversation."""
    cut_off = Invitee.objects.filter(invitation=interaction_id, state=State.GOING)
    cut_off.update(state=State.WAITING)
    rows = Invitee.objects.filter(invitation=interaction_id, state=State.WAITING)
    sent = 0
    for one in rows.select_related("invitation__user", "invitation__interaction", "party", "user").order_by(
        "pk"
    ):
        sent += _send_one(one)
    return sent


def _send_one(one: Invitee) -> bool:
    mine = Invitee.objects.filter(pk=one.pk)
    if not mine.filter(state=State.WAITING, sequence=one.sequence).update(state=State.GOING):
        return False
    cancels = one.taken_back or one.invitation.called_off_at is not None
    if cancels and not one.told:
        mine.update(state=State.SENT)
        return False
    handed = hand_over(_mail(one, cancels=cancels))
    if handed is Handed.REFUSED:
        mine.filter(state=State.GOING).update(state=State.FAILED)
        return False
    if handed is Handed.AWAY:
        mine.filter(state=State.GOING).update(state=State.WAITING)
        raise ServerAway
    # Changed meanwhile, it waits again: then only that it was told is kept.
    mine.update(told=not cancels)
    mine.filter(state=State.GOING).update(state=State.SENT)
    return True


def _mail(one: Invitee, *, cancels: bool) -> EmailMultiAlternatives:
    invitation = one.invitation
    host = organiser(invitation)
    zone = zoneinfo.ZoneInfo(one.user.time_zone if one.user else invitation.time_zone)
    with translation.override(one.language), timezone.override(zone):
        context = _context(one, zone)
        if cancels:
            subject = _("Called off: %(title)s, %(when)s") % context
            body = render_to_string("conversations/mail/called_off.txt", context)
        else:
            changed = one.told
            subject = (
                _("Changed: %(title)s, %(when)s") if changed else _("Invitation: %(title)s, %(when)s")
            ) % context
            body = render_to_string("conversations/mail/invitation.txt", {**context, "changed": changed})
        entry = _entry(one, _answered_to(invitation.interaction, _host(host)))
    method = "CANCEL" if cancels else "REQUEST"
    message = EmailMultiAlternatives(
        " ".join(subject.split()), body, to=[one.address], reply_to=[host.email] if host else None
    )
    data = calendar_file(entry, method)
    # What a calendar program reads by itself stands beside the text; the file is for those that only take one.
    message.attach_alternative(data.decode(), f"text/calendar; method={method}")
    message.attach("meeting.ics", data, "application/ics")
    return message


def _host(user: User | None) -> Person:
    """Whoever left is no more to be written to: then the organisation invites."""
    return (
        Person(user.name, user.email)
        if user
        else Person(organisation().name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    )


def _answered_to(interaction: Interaction, host: Person) -> Person:
    """Calendar programs send answers to the address of who invites: to one that is read here, where there is one."""
    for way_in in providers(WAY_IN).values():
        if address := way_in(interaction):
            return Person(host.name, address)
    return host


def _context(one: Invitee, zone: zoneinfo.ZoneInfo) -> dict[str, Any]:
    invitation = one.invitation
    when = formats.format_datetime(
        invitation.starts_at, one.language, today=timezone.localdate(clock.now()), tz=zone, long=True
    )
    return {
        "title": invitation.title,
        "when": when,
        "zone": zone.key,
        "invitation": invitation,
        "name": one.name,
        "host": organiser(invitation),
        "organisation": organisation(),
        "url": answer_url(one),
    }


def _entry(one: Invitee, host: Person) -> Entry:
    invitation = one.invitation
    link = _("Answer here: %(url)s") % {"url": answer_url(one)}
    return Entry(
        uid=invitation.uid,
        sequence=one.sequence,
        written_at=clock.now(),
        starts_at=invitation.starts_at,
        minutes=invitation.minutes,
        time_zone=invitation.time_zone,
        title=invitation.title,
        place=invitation.place,
        text=f"{invitation.text}\n\n{link}".strip(),
        language=one.language,
        organiser=host,
        guest=Person(one.name, one.address),
        answer=one.answer,
    )


def own_file(interaction: Interaction, *, time_zone: str, language: str) -> bytes:
    """The entry for one's own calendar, as the conversation stands now."""
    invitation = Invitation.objects.filter(interaction=interaction).first()
    # Calendars are kept elsewhere, and shown to others.
    told = interaction.confidentiality < Level.CONFIDENTIAL
    entry = Entry(
        uid=invitation.uid if invitation else uid_of(interaction.pk),
        sequence=invitation.sequence if invitation else 0,
        written_at=clock.now(),
        starts_at=interaction.occurred_at,
        minutes=interaction.minutes or (invitation.minutes if invitation else USUAL_MINUTES),
        time_zone=time_zone,
        title=(interaction.subject if told else "") or str(interaction.get_channel_display()),
        place=interaction.place if told else "",
        language=language,
    )
    return calendar_file(entry, "PUBLISH")
