"""What every view begins with: who asks, and for which conversation."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from enishi.accounts.access import Actor
from enishi.conversations import queries
from enishi.conversations.models import Interaction

VIEW, EDIT = "conversations.view", "conversations.edit"


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def interaction_or_404(actor: Actor, interaction_id: int, *, deleted: bool = False) -> Interaction:
    """403 without the right at all, 404 for what is out of scope."""
    actor.require(VIEW)
    try:
        return queries.interaction(actor, interaction_id, deleted=deleted)
    except Interaction.DoesNotExist:
        raise Http404 from None
