"""Going into the field and coming back: what leaves on a phone, and what it hands in."""

from enishi.fieldwork.services.correcting import Clashing
from enishi.fieldwork.services.receiving import Kept, Refused, receive
from enishi.fieldwork.services.sent import Entry, read_entry
from enishi.fieldwork.services.taking import take_along

__all__ = ["Clashing", "Entry", "Kept", "Refused", "read_entry", "receive", "take_along"]
