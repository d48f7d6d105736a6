"""Opening conversations for readers. Every look at a confidential one is in the history."""

from __future__ import annotations

from django.db import transaction

from enishi.accounts.access import Actor, Level
from enishi.conversations import signals
from enishi.conversations.models import Interaction
from enishi.search.models import Kind
from enishi.search.services import visit
from enishi.timeline.services import record


@transaction.atomic
def view_interaction(actor: Actor, interaction: Interaction, *, how: str = "page") -> None:
    """Somebody opened a conversation: remembered for them, and recorded when it is confidential."""
    visit(actor, Kind.CONVERSATION, interaction.pk)
    if interaction.confidentiality >= Level.CONFIDENTIAL:
        record(actor, signals.confidential_read, subject=interaction, data={"how": how})
