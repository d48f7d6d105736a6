"""Going into the field and coming back: what leaves on a phone, and what it hands in."""

from enishi.fieldwork.services.correcting import Clashing
from enishi.fieldwork.services.enclosing import MOST_FILES, Broken, enclose, most_bytes, wanted
from enishi.fieldwork.services.receiving import Kept, Refused, receive
from enishi.fieldwork.services.sent import Enclosed, Entry, read_enclosed, read_entry
from enishi.fieldwork.services.taking import take_along

__all__ = [
    "MOST_FILES",
    "Broken",
    "Clashing",
    "Enclosed",
    "Entry",
    "Kept",
    "Refused",
    "enclose",
    "most_bytes",
    "read_enclosed",
    "read_entry",
    "receive",
    "take_along",
    "wanted",
]
