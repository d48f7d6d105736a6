"""What happens to ratings and plans when the people they are about change, or are spoken to."""

from __future__ import annotations

from enishi.accounts.access import Actor
from enishi.contacts import signals as contacts
from enishi.conversations import signals as conversations
from enishi.core.events import on
from enishi.engagement import services
from enishi.timeline.models import Entry


@on(contacts.party_changed)
def party_changed(actor: Actor, entry: Entry) -> None:
    if "confidentiality" in entry.changes:
        services.raise_confidentiality(actor, entry.changes["confidentiality"][1], party_id=entry.subject_id)


@on(contacts.party_merged)
def party_merged(actor: Actor, entry: Entry) -> None:
    services.catch_up(actor)


@on(contacts.bulk_changed)
def many_changed(actor: Actor, entry: Entry) -> None:
    services.catch_up(actor)


@on(contacts.import_finished)
def imported(actor: Actor, entry: Entry) -> None:
    services.catch_up(actor)


@on(conversations.interaction_logged)
def talk_logged(actor: Actor, entry: Entry) -> None:
    services.link_talk(actor, entry.subject_id)
