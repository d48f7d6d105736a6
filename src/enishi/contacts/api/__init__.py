"""Parties, relations and imports for programs."""

from enishi.contacts.api.imports import router as imports
from enishi.contacts.api.parties import relations
from enishi.contacts.api.parties import router as parties

__all__ = ["imports", "parties", "relations"]
