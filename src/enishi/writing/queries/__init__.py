"""What may be sent, what came back, and whether there is a service at all: always within the rights of whoever asks."""

from enishi.writing.queries.drafts import Source, draft, sources
from enishi.writing.queries.material import Material, of_case, of_conversation, of_person
from enishi.writing.queries.service import host_of, may_use, service, usable_service

__all__ = [
    "Material",
    "Source",
    "draft",
    "host_of",
    "may_use",
    "of_case",
    "of_conversation",
    "of_person",
    "service",
    "sources",
    "usable_service",
]
