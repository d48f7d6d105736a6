"""Reading mail archives: from bytes to people, texts and conversations. No database in here."""

from .addresses import Address
from .archive import RawItem, messages, too_large
from .defects import DEFAULT_LIMITS, Defect, Limits, Unreadable
from .message import Attachment, ParsedMessage, read
from .quotes import Folded, Segment, fold
from .reports import DeliveryReport, RecipientStatus
from .threads import Group, ThreadIndex, ThreadMessage, base_subject, is_reply_subject

__all__ = [
    "DEFAULT_LIMITS",
    "Address",
    "Attachment",
    "Defect",
    "DeliveryReport",
    "Folded",
    "Group",
    "Limits",
    "ParsedMessage",
    "RawItem",
    "RecipientStatus",
    "Segment",
    "ThreadIndex",
    "ThreadMessage",
    "Unreadable",
    "base_subject",
    "fold",
    "is_reply_subject",
    "messages",
    "read",
    "too_large",
]
