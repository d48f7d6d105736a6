"""What happens to promises and tasks when the person they hang on changes."""

from __future__ import annotations

from enishi.accounts.access import Actor
from enishi.commitments import services
from enishi.contacts import signals as contacts
from enishi.core.events import on
from enishi.timeline.models import Entry


@on(contacts.party_changed)
def party_changed(actor: Actor, entry: Entry) -> None:
    if "confidentiality" in entry.changes:
        services.raise_confidentiality(actor, entry.changes["confidentiality"][1], party_id=entry.subject_id)
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
