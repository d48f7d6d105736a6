"""vCard 2.1, 3.0 and 4.0 as phones and mail programs write it."""

from .card import Address, Card, Entry, NameForm, Organisation, Photo
from .reader import CARD_LIMIT, cards

__all__ = ["CARD_LIMIT", "Address", "Card", "Entry", "NameForm", "Organisation", "Photo", "cards"]
