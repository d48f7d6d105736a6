"""One raw mail to one `ParsedMessage`: whatever can be read is read, every repair is noted."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from django.utils.translation import gettext_lazy as _

from . import charset
from .addresses import Address, read_addresses
from .dates import read_date
from .defects import DEFAULT_LIMITS, Defect, Limits, Unreadable
from .headers import decode_text, message_ids
from .html import to_text
from .mime import Headers, Part, header_end, parse, read_parameters
from .quotes import Folded, fold
from .reports import DeliveryReport, read_report
from .threads import base_subject

KNOWN_HEADERS = frozenset(
    b"from to cc bcc subject date message-id received return-path sender reply-to delivered-to mime-version content-type"
    b" in-reply-to references x-mailer resent-from resent-to resent-date x-original-to envelope-to".split()
)
BINARY_KINDS = (
    (
        b"\xd0\xcf\x11\xe0",
        _(
            "This is an Outlook file (.msg). Save the message as EML, or export the folder as mbox, and import that."
        ),
    ),
    (b"!BDN", _("This is an Outlook data file (.pst). Export its folders as mbox or EML and import those.")),
    (b"%PDF", _("This is a PDF document, not a mail.")),
)
DMARC = re.compile(rb"\bdmarc\s*=\s*(\w+)")
HTML_START = re.compile(
    rb"\s*(?:<!doctype|<html|<head|<body|<div|<p\b|<table|<meta|<span|<font|<!--)", re.IGNORECASE
)
META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
MAILBOX_LINE = re.compile(rb">?From (?![ \t]*:)[^\n]*\n")
DOT_SEGMENT = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FLOWED_SIGNATURE = "-- "
MAX_NAME_LENGTH = 200
NESTED_TEXT_DEPTH = 5
SINGLE_HEADERS = (
    b"from",
    b"subject",
    b"date",
    b"message-id",
    b"to",
    b"cc",
    b"reply-to",
    b"sender",
    b"in-reply-to",
)
EXTENSIONS = {
    "application/ms-tnef": "winmail.dat",
    "application/pdf": "document.pdf",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "image/gif": "image.gif",
    "image/jpeg": "image.jpg",
    "image/jpg": "image.jpg",
    "image/png": "image.png",
    "text/calendar": "invite.ics",
    "text/html": "text.html",
    "text/plain": "text.txt",
}


@dataclass(eq=False)
class Attachment:
    """A file in a mail. The bytes are decoded when asked for. `name` is safe to show and to store, never a path."""

    name: str
    content_type: str
    content_id: str
    inline: bool
    part: Part = field(repr=False)

    @cached_property
    def content(self) -> bytes:
        return self.part.content()

    @cached_property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()

    @property
    def is_message(self) -> bool:
        return self.content_type in ("message/rfc822", "message/global")

    def message(self, limits: Limits = DEFAULT_LIMITS) -> "ParsedMessage":
        """The mail inside a forwarded message. Raises Unreadable."""
        return read(self.content, limits=limits)

    @property
    def text(self) -> str:
        """The readable text of a mail inside (and of mails inside that), to be found by search; else ""."""
        return self._text(NESTED_TEXT_DEPTH)

    def _text(self, depth: int) -> str:
        if not self.is_message or not depth:
            return ""
        try:
            message = self.message()
        except Unreadable:
            return ""
        pieces = [message.subject, message.text, *(inner._text(depth - 1) for inner in message.attachments)]
        return "\n\n".join(piece for piece in pieces if piece)


@dataclass(eq=False)
class ParsedMessage:
    """A mail as the rest of Enishi sees it. Identifiers are without angle brackets, texts can be stored as they are.

    `date` is aware. `text` is the plain text, or made from the HTML. `original_headers` is the header block as text.
    """

    message_id: str
    message_id_derived: bool
    in_reply_to: list[str]
    references: list[str]
    subject: str
    senders: list[Address]
    sender: Address | None
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    reply_to: list[Address]
    date: datetime | None
    text: str
    html_present: bool
    attachments: list[Attachment]
    report: DeliveryReport | None
    list_id: str
    precedence: str
    auto_submitted: str
    calendar_method: str
    original_headers: str
    defects: tuple[Defect, ...]

    @property
    def automatic(self) -> bool:
        """Sent by a program: nobody waits for an answer (RFC 3834)."""
        return (
            self.report is not None
            or self.auto_submitted not in ("", "no")
            or self.precedence in ("bulk", "junk", "list", "auto_reply")
        )

    @property
    def participants(self) -> frozenset[str]:
        """Every address in it, for matching: lower case."""
        everyone = (
            *self.senders,
            *self.to,
            *self.cc,
            *self.bcc,
            *self.reply_to,
            *((self.sender,) if self.sender else ()),
        )
        return frozenset(each.address.lower() for each in everyone if each.address)

    @cached_property
    def folded(self) -> Folded:
        """`text` divided into the author's words, quotations and signature."""
        return fold(self.text)

    @cached_property
    def fingerprint(self) -> str:
        """The same for two copies of one mail (other relays, line ends, list footers), different for different mails
        that carry one Message-ID, which exist in every archive."""
        return _fingerprint(self)


def _fingerprint(message: ParsedMessage) -> str:
    # Beside an identifier the date says nothing new, and archives lose it; without one it tells two short notes apart.
    own_date = not {Defect.DATE_FROM_DELIVERY, Defect.DATE_FROM_MAILBOX, Defect.DATE_MISSING} & set(
        message.defects
    )
    pieces = [
        " ".join(sorted(each.address.lower() for each in message.senders)),
        message.date.isoformat() if message.date and own_date and message.message_id_derived else "",
        base_subject(message.subject),
        " ".join(message.folded.visible.split()),
        *sorted(attachment.sha256 for attachment in message.attachments),
    ]
    return sha256("\x00".join(pieces).encode()).hexdigest()


def read(raw: bytes, *, envelope: str = "", limits: Limits = DEFAULT_LIMITS) -> ParsedMessage:
    """Read one mail. `envelope`: the mbox separator line that stood before it, the last witness of its date.

    Raises Unreadable, with the reason in words, when it is no mail or beyond the limits; nothing else.
    """
    if len(raw) > limits.message:
        raise _unreadable(
            "too-large", _("The message is larger than the limit for one message."), raw, limits
        )
    if not raw.strip():
        raise _unreadable("empty", _("The file is empty."), raw, limits)
    text = raw.lstrip(b"\r\n\t \xef\xbb\xbf") if raw[:1] in b"\r\n\t \xef" else raw
    if b"\n" not in text and b"\r" in text:
        text = text.replace(b"\r", b"\n")
    if separator := MAILBOX_LINE.match(text):
        envelope = envelope or separator.group().decode("ascii", "replace")
        text = text[separator.end() :]
    stop, _body = header_end(text, 0, len(text))
    if stop > limits.header and _has_known_header(text[: limits.header]):
        raise _unreadable(
            "header-too-large", _("The headers of the message are larger than the limit."), raw, limits
        )
    defects: set[Defect] = set()
    root = parse(text, limits, defects)
    if not KNOWN_HEADERS & root.headers.fields.keys():
        raise _unreadable(*_why_not_mail(raw), raw, limits)
    return _assemble(root, text[:stop], envelope, limits, defects)


def _has_known_header(block: bytes) -> bool:
    return any(re.search(rb"(?im)^" + name + rb"[ \t]*:", block) for name in KNOWN_HEADERS)


def _unreadable(code: str, reason: object, raw: bytes, limits: Limits) -> Unreadable:
    return Unreadable(code, reason, raw=raw[: limits.quarantine], truncated=len(raw) > limits.quarantine)  # type: ignore[arg-type]


def _why_not_mail(raw: bytes) -> tuple[str, object]:
    for magic, reason in BINARY_KINDS:
        if raw.startswith(magic):
            return "not-mail", reason
    if b"\x00" in raw[:4096]:
        return "not-mail", _("This is a binary file, not a mail.")
    if HTML_START.match(raw):
        return "no-headers", _(
            "This is HTML without mail headers: sender, date and subject are unknown. Save the whole message as EML."
        )
    return "no-headers", _(
        "This text has no mail headers: sender, date and subject are unknown. Save the whole message as EML."
    )


def _assemble(root: Part, block: bytes, envelope: str, limits: Limits, defects: set[Defect]) -> ParsedMessage:
    headers = root.headers
    declared = root.parameters.get("charset")
    for name in SINGLE_HEADERS:
        if len(headers.fields.get(name, ())) > 1:
            defects.add(Defect.HEADER_REPEATED)

    def addresses(name: bytes) -> list[Address]:
        found = [each for value in headers.all(name) for each in read_addresses(value, declared)]
        if any(each.repaired for each in found):
            defects.add(Defect.ADDRESS_REPAIRED)
        return found

    senders = addresses(b"from")
    to, cc, bcc, reply_to = addresses(b"to"), addresses(b"cc"), addresses(b"bcc"), addresses(b"reply-to")
    sender = next(iter(addresses(b"sender")), None)
    if not senders:
        defects.add(Defect.SENDER_MISSING)
    if _refuted(headers):
        defects.add(Defect.SENDER_REFUTED)
    date, repair = read_date(headers, envelope)
    if repair:
        defects.add(repair)
    body = BodyReader(limits, defects)
    text = body.read(root)
    own_ids = message_ids(headers.get(b"message-id"))
    known = {each.address for each in (*senders, *to, *cc, *reply_to)}
    in_reply_to = [each for each in message_ids(headers.get(b"in-reply-to")) if each not in known]
    references = [each for value in headers.all(b"references") for each in message_ids(value)]
    report = read_report(root) if root.content_type == "multipart/report" else None
    list_id = decode_text(headers.get(b"list-id"))
    message = ParsedMessage(
        message_id=own_ids[0] if own_ids else "",
        message_id_derived=not own_ids,
        in_reply_to=in_reply_to,
        references=list(dict.fromkeys(references)),
        subject=decode_text(headers.get(b"subject"), declared),
        senders=senders,
        sender=sender,
        to=to,
        cc=cc,
        bcc=bcc,
        reply_to=reply_to,
        date=date,
        text=text,
        html_present=body.html_present,
        attachments=body.attachments,
        report=report,
        list_id=(list_id.rpartition("<")[2].rstrip("> ") or list_id).lower(),
        precedence=_keyword(headers, b"precedence"),
        auto_submitted=_keyword(headers, b"auto-submitted"),
        calendar_method=body.calendar_method,
        original_headers=charset.decode(block, declared).text.replace("\r\n", "\n"),
        defects=(),
    )
    if not own_ids:
        defects.add(Defect.MESSAGE_ID_MISSING)
        message.defects = tuple(sorted(defects))
        message.message_id = f"{message.fingerprint[:40]}@content.invalid"
    message.defects = tuple(sorted(defects))
    return message


def _refuted(headers: Headers) -> bool:
    """Whether the server that took the mail in says that it does not come from where it says (RFC 8601).

    Only the first of these headers is its own: others may have been written by whoever sent it.
    """
    said = next(iter(headers.all(b"authentication-results")), b"").lower()
    verdict = DMARC.search(said)
    if verdict is not None:
        return verdict.group(1) == b"fail"
    return re.search(rb"\bspf\s*=\s*fail\b", said) is not None and not re.search(
        rb"\bdkim\s*=\s*pass\b", said
    )


def _keyword(headers: Headers, name: bytes) -> str:
    words = decode_text(headers.get(name)).split()
    return words[0].strip(";(").lower() if words else ""


class BodyReader:
    """Sorts the parts of one mail into what is read and what is attached."""

    def __init__(self, limits: Limits, defects: set[Defect]) -> None:
        self.limits = limits
        self.defects = defects
        self.attachments: list[Attachment] = []
        self.html_present = False
        self.calendar_method = ""
        self.length = 0

    def read(self, root: Part) -> str:
        pieces = self._pieces(root, is_root=True)
        text = "\n\n".join(filter(None, (piece() for piece in pieces)))
        return text

    def _pieces(self, part: Part, *, is_root: bool = False) -> list[Callable[[], str]]:
        """The texts to read, in order; made only when chosen, for HTML costs."""
        kind = part.content_type
        if part.children:
            if kind == "multipart/alternative":
                return self._best_alternative(part)
            return [piece for child in part.children for piece in self._pieces(child)]
        if kind.startswith("multipart/"):
            return []
        disposition, parameters = read_parameters(part.headers.get(b"content-disposition"))
        name = parameters.get("filename") or part.parameters.get("name") or ""
        if kind in ("message/delivery-status", "message/disposition-notification", "text/rfc822-headers"):
            return []
        attached = disposition == "attachment" or bool(name)
        if kind in ("text/plain", "text/html", "text", "plain", "html") and not (
            attached and not (is_root and disposition != "attachment")
        ):
            if "html" in kind:
                self.html_present = True
                return [lambda: self._html(part)]
            return [lambda: self._plain(part)]
        if kind == "text/calendar":
            self.calendar_method = (
                self.calendar_method or part.parameters.get("method", "").upper() or "PUBLISH"
            )
        self._attach(part, name, disposition)
        return []

    def _best_alternative(self, part: Part) -> list[Callable[[], str]]:
        """The first alternative with words in it, plain before HTML; attachments inside any of them are kept."""
        offers: list[tuple[bool, list[Callable[[], str]]]] = []
        for child in part.children:
            seen, self.html_present = self.html_present, False
            pieces = self._pieces(child)
            offers.append((self.html_present, pieces))
            self.html_present = self.html_present or seen
        for _is_html, pieces in sorted(offers, key=lambda offer: offer[0]):
            texts = [text for text in (piece() for piece in pieces) if text]
            if texts:
                return [lambda text=text: text for text in texts]  # type: ignore[misc]
        return []

    def _attach(self, part: Part, name: str, disposition: str) -> None:
        content_id = decode_text(part.headers.get(b"content-id")).strip("<> ")
        if not name:
            name = (
                decode_text(part.headers.get(b"content-location"))
                if b"content-location" in part.headers
                else ""
            )
        if not name and part.content_type in ("message/rfc822", "message/global"):
            inner = Headers({}) if not part.end > part.start else _inner_headers(part)
            name = f"{decode_text(inner.get(b'subject')) or 'message'}.eml"
        name = safe_name(name) or EXTENSIONS.get(part.content_type, "attachment.bin")
        inline = disposition == "inline" or (bool(content_id) and disposition != "attachment")
        self.attachments.append(Attachment(name, part.content_type, content_id, inline, part))

    def _decode(self, part: Part, declared: str | None) -> str:
        content = part.content()
        self.defects |= part.defects
        room = self.limits.text - self.length
        if len(content) > room:
            content = content[:room]
            self.defects.add(Defect.TEXT_SHORTENED)
        self.length += len(content)
        decoded = charset.decode(content, declared)
        if decoded.how == "sniffed":
            self.defects.add(Defect.CHARSET_GUESSED)
        elif decoded.how == "replaced":
            self.defects.add(Defect.CHARSET_REPLACED)
        text = decoded.text
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    def _plain(self, part: Part) -> str:
        text = self._decode(part, part.parameters.get("charset"))
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        return _trim(text)

    def _html(self, part: Part) -> str:
        declared = part.parameters.get("charset")
        if not declared:
            meta = META_CHARSET.search(part.content()[:4096])
            declared = meta.group(1).decode("ascii") if meta else None
        return _trim(to_text(self._decode(part, declared)))


def _inner_headers(part: Part) -> Headers:
    content = part.content()
    content = content[: 64 * 1024]
    stop, _body = header_end(content, 0, len(content))
    return parse(content[:stop], DEFAULT_LIMITS, set()).headers


def _trim(text: str) -> str:
    """Without empty lines before and after; the indentation of the first line stays."""
    return text.rstrip().lstrip("\n") if text.strip() else ""


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Lines of format=flowed joined to the paragraphs they were (RFC 3676)."""
    output: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        flowed = content.endswith(" ") and content != FLOWED_SIGNATURE
        if flowed and delete_space:
            content = content[:-1]
        if open_depth == depth and content != FLOWED_SIGNATURE:
            output[-1] += content
        else:
            output.append(f"{'>' * depth} {content}" if depth and content else ">" * depth + content)
        open_depth = depth if flowed else -1
    return "\n".join(output)


def safe_name(name: str) -> str:
    """A file name without path, control characters and direction overrides (which make "fdp.exe" read "exe.pdf")."""
    if "=?" in name:
        name = decode_text(name.encode())
    name = DOT_SEGMENT.sub("", name.replace("\\", "/")).rpartition("/")[2].strip(" .\"'")
    if len(name) > MAX_NAME_LENGTH:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[: MAX_NAME_LENGTH - 20]}{dot}{extension[:19]}" if dot else name[:MAX_NAME_LENGTH]
    return name
