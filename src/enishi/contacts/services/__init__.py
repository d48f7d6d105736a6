"""Changing contacts: one function per use case."""

from enishi.contacts.services.parties import (
    Conflict,
    ContactError,
    PartyDraft,
    PointDraft,
    change_party,
    create_party,
    delete_party,
    restore_party,
    save_point,
    touch,
)
from enishi.contacts.services.searchable import index_parties

__all__ = [
    "Conflict",
    "ContactError",
    "PartyDraft",
    "PointDraft",
    "change_party",
    "create_party",
    "delete_party",
    "index_parties",
    "restore_party",
    "save_point",
    "touch",
]
