"""What was wrong with a mail: repaired and noted (`Defect`), or beyond reading (`Unreadable`)."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Defect(StrEnum):
    """A repair that reading made; the value is stored, the label is shown."""

    ADDRESS_REPAIRED = "address-repaired"
    BOUNDARY_GUESSED = "boundary-guessed"
    BOUNDARY_MISSING = "boundary-missing"
    CHARSET_GUESSED = "charset-guessed"
    CHARSET_REPLACED = "charset-replaced"
    DATE_FROM_DELIVERY = "date-from-delivery"
    DATE_FROM_FILE = "date-from-file"
    DATE_FROM_MAILBOX = "date-from-mailbox"
    DATE_MISSING = "date-missing"
    DATE_REPAIRED = "date-repaired"
    ENCODING_UNKNOWN = "encoding-unknown"
    HEADER_LINE_IGNORED = "header-line-ignored"
    HEADER_REPEATED = "header-repeated"
    MESSAGE_ID_MISSING = "message-id-missing"
    NESTED_TOO_DEEP = "nested-too-deep"
    SENDER_MISSING = "sender-missing"
    SENDER_REFUTED = "sender-refuted"
    TEXT_AFTER_PARTS = "text-after-parts"
    TEXT_SHORTENED = "text-shortened"
    TOO_MANY_PARTS = "too-many-parts"

    @property
    def label(self) -> str | Promise:
        return LABELS[self]


LABELS: dict[Defect, str | Promise] = {
    Defect.ADDRESS_REPAIRED: _("An address was written wrongly and was repaired."),
    Defect.BOUNDARY_GUESSED: _("The line that separates the parts was not the announced one."),
    Defect.BOUNDARY_MISSING: _(
        "The parts are announced but no line separates them; everything was read as one text."
    ),
    Defect.CHARSET_GUESSED: _(
        "The character set was not stated or stated wrongly; it was recognised from the text."
    ),
    Defect.CHARSET_REPLACED: _(
        "Some characters do not exist in the stated character set and were replaced by a mark."
    ),
    Defect.DATE_FROM_DELIVERY: _("The date could not be read; the time of delivery is used."),
    Defect.DATE_FROM_FILE: _("No date could be read; the time of the file is used."),
    Defect.DATE_FROM_MAILBOX: _("The date could not be read; the time in the mailbox file is used."),
    Defect.DATE_MISSING: _("No date could be read."),
    Defect.DATE_REPAIRED: _("The date was written wrongly and was repaired."),
    Defect.ENCODING_UNKNOWN: _(
        "The transfer encoding is unknown or does not fit; the content was taken as it is."
    ),
    Defect.HEADER_LINE_IGNORED: _("A line among the headers is no header and was ignored."),
    Defect.HEADER_REPEATED: _("A header that may occur once occurs several times."),
    Defect.MESSAGE_ID_MISSING: _("The message has no identifier; one was derived from its content."),
    Defect.NESTED_TOO_DEEP: _(
        "Parts are nested too deeply; the innermost were kept as an attachment, unread."
    ),
    Defect.SENDER_MISSING: _("No sender could be read."),
    Defect.SENDER_REFUTED: _(
        "The mail server could not confirm that it comes from this address: it may be forged."
    ),
    Defect.TEXT_AFTER_PARTS: _("There is text after the last part that is not shown."),
    Defect.TEXT_SHORTENED: _("The text is very long; its end is only in the original."),
    Defect.TOO_MANY_PARTS: _("There are too many parts; the rest was kept as one attachment, unread."),
}


class Unreadable(Exception):
    """An item that is no mail or cannot be read: goes to quarantine with `reason` (translatable) and its raw bytes.

    `code` is stable for programs. `raw` may be the beginning only, then `truncated` is set.
    """

    def __init__(
        self,
        code: str,
        reason: str | Promise,
        *,
        file: str = "",
        item: str = "",
        raw: bytes = b"",
        truncated: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.file = file
        self.item = item
        self.raw = raw
        self.truncated = truncated


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds against hostile input; sizes in bytes. Real archives stay far below them."""

    message: int = 128 * 2**20
    header: int = 2**20
    text: int = 8 * 2**20
    depth: int = 40
    parts: int = 2_000
    archive_total: int = 32 * 2**30
    archive_ratio: int = 200
    archive_depth: int = 3
    archive_entries: int = 500_000
    quarantine: int = 2**20


DEFAULT_LIMITS = Limits()
