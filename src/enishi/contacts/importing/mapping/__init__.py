"""From columns or cards to drafts of contacts: targets, guesses, mappings, and what they make of a row."""

from .cards import from_card
from .columns import Column, Mapping, Rule, apply
from .draft import Affiliation, ContactPoint, Doubt, Draft, Reading
from .draft import PostalAddress as PostalAddress
from .guess import ColumnGuess, guess, suggest
from .targets import TARGETS, Target

__all__ = [
    "TARGETS",
    "Affiliation",
    "Column",
    "ColumnGuess",
    "ContactPoint",
    "Doubt",
    "Draft",
    "Mapping",
    "PostalAddress",
    "Reading",
    "Rule",
    "Target",
    "apply",
    "from_card",
    "guess",
    "suggest",
]
