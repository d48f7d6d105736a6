"""What happens to cases when what they hang on changes."""

from __future__ import annotations

from enishi.accounts.access import Actor
from enishi.cases import services
from enishi.commitments import signals as commitments
from enishi.contacts import signals as contacts
from enishi.conversations import signals as conversations
from enishi.core.events import on
from enishi.timeline.models import Entry


@on(contacts.party_changed)
def party_changed(actor: Actor, entry: Entry) -> None:
    if "confidentiality" in entry.changes:
        services.raise_of_party(actor, entry.subject_id, entry.changes["confidentiality"][1])
    if "full_name" in entry.changes:
        services.index_of_party(entry.subject_id)


@on(contacts.party_merged)
def party_merged(actor: Actor, entry: Entry) -> None:
    services.index_of_party(entry.subject_id)
    services.catch_up(actor)


@on(contacts.merge_undone)
def merge_undone(actor: Actor, entry: Entry) -> None:
    services.index_of_party(entry.subject_id)


@on(contacts.bulk_changed)
def many_changed(actor: Actor, entry: Entry) -> None:
    services.catch_up(actor)


@on(contacts.import_finished)
def imported(actor: Actor, entry: Entry) -> None:
    services.catch_up(actor)


@on(conversations.interaction_changed)
def interaction_changed(actor: Actor, entry: Entry) -> None:
    if "confidentiality" in entry.changes:
        services.raise_of_talk(actor, entry.subject_id)


@on(commitments.task_made)
@on(commitments.task_changed)
@on(commitments.task_restored)
def task_served(actor: Actor, entry: Entry) -> None:
    services.follow_task(entry.subject_id)
