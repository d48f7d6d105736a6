"""Giving a mail to the mail server."""

from __future__ import annotations

import enum
import smtplib

from django.core.mail import EmailMessage


class Handed(enum.Enum):
    """What became of a mail: taken; refused for good; or nobody was there to take it just now."""

    TAKEN = enum.auto()
    REFUSED = enum.auto()
    AWAY = enum.auto()


def hand_over(message: EmailMessage) -> Handed:
    """Give one mail to the server. Whoever calls has claimed it before: taken, it must never be given again."""
    try:
        message.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused, ValueError):
        return Handed.REFUSED
    except (smtplib.SMTPException, OSError):
        return Handed.AWAY
    return Handed.TAKEN
