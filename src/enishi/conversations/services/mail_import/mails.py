"""A mail, read and ready to be stored, before anything is known of who is in it."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from enishi.content.services import Kept, keep
from enishi.conversations.mail import (
    Address,
    Defect,
    DeliveryReport,
    ParsedMessage,
    RawItem,
    Unreadable,
    base_subject,
    fold,
    is_reply_subject,
    read,
)
from enishi.conversations.models import Participant
from enishi.conversations.services.drafts import address_key
from enishi.core import text

logger = logging.getLogger(__name__)

TOKEN = re.compile(r"\[#([2-9a-z]{10})\]")
TOKEN_HOST = "token.invalid"  # noqa: S105 - of an identifier, no secret
"""In the subject of what we sent: its answer belongs to the same thread, also where a program names no message that it answers."""
FOLDED = ("quote", "signature")
MAX_ID, MAX_REFERENCES = 500, 200
# Addresses that no person reads: nobody to get to know.
ROBOT = re.compile(
    r"(?:.*[-_.+])?(?:no-?reply|do-?not-?reply|noreply|ne-?pas-?repondre|mailer-daemon|postmaster|bounces?|notifications?)"
    r"(?:[-_.+=].*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody as the mail names them."""

    role: str
    name: str
    address: str


@dataclass(eq=False)
class Mail:
    """What is stored of a mail. ``moment`` is when it was sent; ``message_id`` and ``fingerprint`` name it."""

    parsed: ParsedMessage
    file: str
    item: str
    message_id: str
    fingerprint: str
    moment: dt.datetime
    defects: list[str]
    files: list[Kept] = field(default_factory=list)
    is_settled: bool = False
    """What it says was understood and written down: nobody has to answer it."""

    @property
    def refuted(self) -> bool:
        """The server that took it in says that the sender's address is not genuine."""
        return Defect.SENDER_REFUTED in self.parsed.defects

    @property
    def key(self) -> tuple[str, str]:
        return self.message_id, self.fingerprint

    @cached_property
    def subject(self) -> str:
        return " ".join(text.clean(self.parsed.subject).split())[:500]

    @cached_property
    def text(self) -> str:
        return text.clean(self.parsed.text)

    @cached_property
    def folds(self) -> list[dict[str, Any]]:
        found = self.parsed.folded if self.text == self.parsed.text else fold(self.text)
        return [
            {"start": each.start, "end": each.end, "kind": each.kind}
            for each in found.segments
            if each.kind in FOLDED
        ]

    @cached_property
    def people(self) -> list[Named]:
        """From, To, Copy and Blind copy, each once."""
        parsed, role = self.parsed, Participant.Role
        senders = parsed.senders or ([parsed.sender] if parsed.sender else [])
        found: dict[tuple[str, str], Named] = {}
        for name, addresses in (
            (role.FROM, senders),
            (role.TO, parsed.to),
            (role.CC, parsed.cc),
            (role.BCC, parsed.bcc),
        ):
            for each in addresses:
                person = _named(name, each)
                if person.address or person.name:
                    found.setdefault((name, person.address or person.name), person)
        return list(found.values())

    @property
    def sender(self) -> Named | None:
        return next((person for person in self.people if person.role == Participant.Role.FROM), None)

    @property
    def recipients(self) -> frozenset[str]:
        return frozenset(
            one.address for one in self.people if one.address and one.role != Participant.Role.FROM
        )

    @cached_property
    def in_reply_to(self) -> str:
        return next(iter(_identifiers(self.parsed.in_reply_to)), "")

    @cached_property
    def references(self) -> list[str]:
        """What it answers, the oldest first; of an endless chain both ends."""
        found = _identifiers(self.parsed.references)
        return (
            found
            if len(found) <= MAX_REFERENCES
            else found[: MAX_REFERENCES // 2] + found[-MAX_REFERENCES // 2 :]
        )

    @property
    def tied_to(self) -> tuple[str, ...]:
        tokens = [f"{token}@{TOKEN_HOST}" for token in TOKEN.findall(self.parsed.subject)]
        return tuple(dict.fromkeys([*self.references, *_identifiers(self.parsed.in_reply_to), *tokens]))

    @property
    def list_id(self) -> str:
        return text.clean(self.parsed.list_id)[:320]

    @property
    def subject_key(self) -> str:
        return base_subject(self.subject)[:500]

    @property
    def seeks_by_subject(self) -> bool:
        return not self.tied_to and is_reply_subject(self.subject)

    @property
    def report(self) -> DeliveryReport | None:
        """A report on mail that did not arrive; receipts and complaints are none."""
        report = self.parsed.report
        return report if report is not None and report.kind == "delivery-status" else None

    @property
    def personal(self) -> bool:
        """Written by a person to us, not to a list and not by a program."""
        sender = self.sender
        return not (
            self.parsed.automatic
            or self.parsed.list_id
            or sender is None
            or ROBOT.fullmatch(sender.address.partition("@")[0])
        )

    def keep_files(self) -> None:
        """Put the bytes of the attachments where files are kept, once; equal ones are there once."""
        self.files = self.files or [
            keep(
                each.name,
                each.content,
                sha256=each.sha256,
                text=text.clean(each.text) if each.is_message else "",
            )
            for each in self.parsed.attachments
        ]


def prepare(item: RawItem, *, fallback: dt.datetime) -> Mail:
    """Read one message; ``fallback`` is its date when it has none. Raises Unreadable."""
    try:
        parsed = read(item.raw, envelope=item.envelope)
        fingerprint = parsed.fingerprint
    except Unreadable as unreadable:
        unreadable.file, unreadable.item = item.file, item.item
        raise
    except Exception as error:
        # One mail that our reading cannot cope with must not keep the others out.
        logger.exception("%s cannot be read", item.name)
        raise Unreadable(
            "fault",
            _(
                "Reading this message failed by a fault of the program; please report it. The message is kept."
            ),
            file=item.file,
            item=item.item,
            raw=item.raw,
        ) from error
    defects = [str(defect) for defect in parsed.defects]
    if parsed.date is None:
        defects = [
            str(Defect.DATE_FROM_FILE) if defect == Defect.DATE_MISSING else defect for defect in defects
        ]
    return Mail(
        parsed=parsed,
        file=item.file,
        item=item.item,
        message_id=text.clean(parsed.message_id)[:MAX_ID],
        fingerprint=fingerprint,
        moment=parsed.date or fallback,
        defects=defects,
    )


def _named(role: str, each: Address) -> Named:
    name = " ".join(text.strip_bidi(text.clean(each.name)).split())[:300]
    return Named(role, name, address_key(each.address))


def _identifiers(found: Iterable[str]) -> list[str]:
    return [identifier for identifier in (text.clean(each)[:MAX_ID] for each in found) if identifier]
