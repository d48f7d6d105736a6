"""Everyone the organisation answers to, and what is known about them."""

from enishi.contacts.models.importing import STREAM, ImportMapping, ImportRow, ImportRun, Quarantined
from enishi.contacts.models.party import (
    ContactPoint,
    DuplicatePair,
    ExternalId,
    Party,
    Relation,
    RelationType,
    Town,
)
from enishi.contacts.models.setup import (
    Consent,
    ConsentPurpose,
    ConsentText,
    Field,
    FieldValue,
    PartyTag,
    SavedView,
    Tag,
)

__all__ = [
    "STREAM",
    "Consent",
    "ConsentPurpose",
    "ConsentText",
    "ContactPoint",
    "DuplicatePair",
    "ExternalId",
    "Field",
    "FieldValue",
    "ImportMapping",
    "ImportRow",
    "ImportRun",
    "Party",
    "PartyTag",
    "Quarantined",
    "Relation",
    "RelationType",
    "SavedView",
    "Tag",
    "Town",
]
