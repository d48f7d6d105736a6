"""What calendar programs answer to invitations, read out of the mail that arrives."""

from __future__ import annotations

from collections.abc import Sequence

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint
from enishi.conversations.calendar_file import Answered, read_answer
from enishi.conversations.models import Invitation, Invitee
from enishi.conversations.services.drafts import address_key
from enishi.conversations.services.invitations import may_answer, write_own_answer
from enishi.conversations.services.mail_import.mails import Mail

CALENDAR = ("text/calendar", "application/ics")


def take_answers(actor: Actor, mails: Sequence[Mail]) -> None:
    """Write down what these mails answer to invitations; such a mail asks for nothing more (``Mail.is_settled``).

    What is not certain is left for a person to read: who answers for somebody else, to another moment, or too late.
    """
    for mail in mails:
        if mail.parsed.calendar_method == "REPLY" and not mail.refuted:
            parts = (each.content for each in mail.parsed.attachments if each.content_type in CALENDAR)
            told = next((found for data in parts if (found := read_answer(data))), None)
            mail.is_settled = told is not None and _take(actor, mail, told)


def _take(actor: Actor, mail: Mail, told: Answered) -> bool:
    invitation = Invitation.objects.select_related("user").filter(uid=told.uid).first()
    found = _who(invitation, mail, told) if invitation else None
    one = may_answer(found) if found else None
    if one is None or not _is_to_this_moment(one, told):
        return False
    at = told.written_at or mail.moment
    if one.answered_at is None or one.answered_at <= at:
        write_own_answer(actor, one, told.answer, told.note, at=at)
    return True


def _who(invitation: Invitation, mail: Mail, told: Answered) -> Invitee | None:
    """Whoever of those invited wrote the mail and answers for themselves: from any address that is theirs."""
    if mail.sender is None:
        return None
    sender, guest = mail.sender.address, address_key(told.guest)
    for one in invitation.invitees.filter(taken_back=False).select_related("party", "user").order_by("pk"):
        asked = address_key(one.address)
        if guest in (asked, sender) and (sender == asked or _is_theirs(one, sender)):
            one.invitation = invitation
            return one
    return None


def _is_theirs(one: Invitee, address: str) -> bool:
    if one.user is not None:
        return address_key(one.user.email) == address
    points = ContactPoint.objects.filter(party=one.party_id, kind=ContactPoint.Kind.EMAIL)
    return any(address_key(value) == address for value in points.values_list("value", flat=True))


def _is_to_this_moment(one: Invitee, told: Answered) -> bool:
    """A changed moment takes back the answers; another place does not."""
    if told.starts_at is not None:
        return told.starts_at == one.invitation.starts_at
    return told.sequence >= one.sequence
