"""The service that writes drafts, once an administrator has switched it on."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.core.ai.generation import Service
from enishi.writing.models import WritingService

USE = "writing.use"


@prepared
def _service() -> QuerySet[WritingService]:
    return WritingService.objects.filter(pk=1)


def service() -> WritingService:
    """The setting; off is the usual."""
    return _service.first() or WritingService(pk=1)


def usable_service(actor: Actor, project_ids: Iterable[int]) -> WritingService | None:
    """The service, if it is on and the actor may have drafts written there."""
    if not may_use(actor, project_ids):
        return None
    found = service()
    return found if found.on else None


def host_of(address: str) -> str:
    """Who is asked, as people are told."""
    return Service(address, "").host


def may_use(actor: Actor, project_ids: Iterable[int]) -> bool:
    return actor.may(USE, list(project_ids))
