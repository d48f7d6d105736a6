"""Delivery reports: bounces, delays and receipts (RFC 3464 and RFC 8098), with RFC 3463 status codes."""

import re
from dataclasses import dataclass

from .addresses import read_addresses
from .headers import decode_text, message_ids
from .mime import Headers, Part, header_end, read_headers

STATUS = re.compile(rb"\b([245]\.\d{1,3}\.\d{1,3})\b")
BLANK = re.compile(rb"\r?\n[ \t]*\r?\n\s*")
MAX_RECIPIENTS = 1_000


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What became of the copy for one recipient. `action`: failed, delayed, delivered, relayed, expanded, displayed…"""

    recipient: str
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """`kind`: delivery-status, disposition-notification… `original_message_id` is "" when the report does not tell."""

    kind: str
    recipients: tuple[RecipientStatus, ...]
    original_message_id: str

    @property
    def permanent_failures(self) -> tuple[str, ...]:
        return tuple(
            each.recipient
            for each in self.recipients
            if each.action == "failed" and not each.status.startswith("4")
        )


def read_report(root: Part) -> DeliveryReport | None:
    """The report in a multipart/report message, None when it holds none."""
    recipients: list[RecipientStatus] = []
    original = ""
    found = False
    for part in root.children:
        if part.content_type in ("message/delivery-status", "message/global-delivery-status"):
            found = True
            recipients += _delivery(part.content())
        elif part.content_type in ("message/disposition-notification", "message/feedback-report"):
            found = True
            fields = _block(part.content())
            original = original or _first_id(fields.get(b"original-message-id"))
            recipients.append(_disposition(fields))
        elif part.content_type in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/global",
            "message/global-headers",
        ):
            content = part.content()
            original = original or _first_id(_block(content).get(b"message-id"))
    if not found:
        return None
    kind = part_kind(root)
    return DeliveryReport(kind, tuple(recipients[:MAX_RECIPIENTS]), original)


def part_kind(root: Part) -> str:
    return root.parameters.get("report-type", "delivery-status").lower()


def _delivery(content: bytes) -> list[RecipientStatus]:
    statuses = []
    for chunk in BLANK.split(content.strip()):
        fields = _block(chunk)
        recipient = _typed(fields.get(b"final-recipient")) or _typed(fields.get(b"original-recipient"))
        if not recipient:
            continue
        status = STATUS.search(fields.get(b"status"))
        statuses.append(
            RecipientStatus(
                recipient=_address(recipient),
                action=decode_text(fields.get(b"action")).lower(),
                status=status.group(1).decode() if status else "",
                diagnostic=decode_text(_typed(fields.get(b"diagnostic-code"))),
            )
        )
    return statuses


def _disposition(fields: Headers) -> RecipientStatus:
    disposition = decode_text(fields.get(b"disposition"))
    return RecipientStatus(
        recipient=_address(_typed(fields.get(b"final-recipient")) or _typed(fields.get(b"original-rcpt-to"))),
        action=disposition.rpartition(";")[2].split("/")[0].strip().lower()
        or decode_text(fields.get(b"feedback-type")),
        status="",
        diagnostic=disposition,
    )


def _block(content: bytes) -> Headers:
    stop, _ = header_end(content, 0, len(content))
    return read_headers(content[:stop], set())[0]


def _typed(value: bytes) -> bytes:
    """The part after "rfc822;"."""
    kind, separator, rest = value.partition(b";")
    return rest.strip() if separator else kind.strip()


def _address(value: bytes) -> str:
    found = read_addresses(value)
    return found[0].address or found[0].name if found else ""


def _first_id(value: bytes) -> str:
    found = message_ids(value)
    return found[0] if found else ""
