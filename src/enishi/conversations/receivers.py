"""What happens to conversations when the people they were with change."""

from __future__ import annotations

from enishi.accounts import signals as accounts
from enishi.accounts.access import Actor
from enishi.contacts import signals as contacts
from enishi.conversations import services, signals
from enishi.core import jobs
from enishi.core.events import on
from enishi.timeline.models import Entry


@on(contacts.party_changed)
def raise_talks(actor: Actor, entry: Entry) -> None:
    if "confidentiality" in entry.changes:
        services.raise_talks_of(actor, entry.subject_id, level=entry.changes["confidentiality"][1])


@on(signals.interaction_deleted)
def call_off(actor: Actor, entry: Entry) -> None:
    services.call_off_deleted(actor, entry.subject_id)


@on(accounts.fields_protected)
def part_words(actor: Actor, entry: Entry) -> None:
    jobs.defer("conversations.part_words")
