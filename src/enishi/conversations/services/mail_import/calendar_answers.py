"""What calendar programs answer to invitations, read out of the mail that arrives."""

from __future__ import annotations

from collections.abc import Sequence

from enishi.accounts.access import Actor
from enishi.conversations.calendar_file import Answered, read_answer
from enishi.conversations.models import Invitation, Invitee
from enishi.conversations.services.drafts import address_key
from enishi.conversations.services.invitations import may_answer, write_own_answer
from enishi.conversations.services.mail_import.mails import Mail, Named
from enishi.conversations.services.mail_import.people import Contacts, Us

CALENDAR = ("text/calendar", "application/ics")


def take_answers(actor: Actor, mails: Sequence[Mail], us: Us) -> None:
    """Write down what these mails answer to invitations; such a mail asks for nothing more (``Mail.is_settled``).

    What is not certain is left for a person to read: who answers for somebody else, to another moment, or too late.
    """
    for mail in mails:
        if mail.parsed.calendar_method == "REPLY" and mail.sender is not None and not mail.refuted:
            parts = (each.content for each in mail.parsed.attachments if each.content_type in CALENDAR)
            told = next((found for data in parts if (found := read_answer(data))), None)
            mail.is_settled = told is not None and _take(actor, mail, mail.sender, told, us)


def _take(actor: Actor, mail: Mail, sender: Named, told: Answered, us: Us) -> bool:
    invitation = Invitation.objects.select_related("user").filter(uid=told.uid).first()
    if invitation is None:
        return False
    found = _who(invitation, mail, sender, told, us)
    one = may_answer(found) if found else None
    if one is None or not _is_to_this_moment(one, told):
        return False
    at = told.written_at or mail.moment
    if one.answered_at is None or one.answered_at <= at:
        write_own_answer(actor, one, told.answer, told.note, at=at)
    return True


def _who(invitation: Invitation, mail: Mail, sender: Named, told: Answered, us: Us) -> Invitee | None:
    """Whoever of those invited wrote the mail and answers for themselves; None where it may be one of several."""
    user_id = us.users.get(sender.address)
    contact = None if user_id else Contacts({sender.address}).find(sender, at=mail.moment)
    guest, found = address_key(told.guest), []
    for one in invitation.invitees.filter(taken_back=False).select_related("party", "user"):
        asked = address_key(one.address)
        theirs = one.user_id == user_id if one.user_id else contact and contact.party_id == one.party_id
        if guest in (asked, sender.address) and (theirs or sender.address == asked):
            found.append(one)
    if len(found) != 1:
        return None
    found[0].invitation = invitation
    return found[0]


def _is_to_this_moment(one: Invitee, told: Answered) -> bool:
    """A changed moment takes back the answers; another place does not."""
    if told.starts_at is not None:
        return told.starts_at == one.invitation.starts_at
    return told.sequence >= one.sequence
