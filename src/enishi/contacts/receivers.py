"""What follows when fields of contacts are protected."""

from __future__ import annotations

from enishi.accounts import signals as accounts
from enishi.accounts.access import Actor
from enishi.core import jobs
from enishi.core.events import on
from enishi.timeline.models import Entry


@on(accounts.fields_protected)
def part_words(actor: Actor, entry: Entry) -> None:
    """Contacts that were indexed before addresses and numbers stood apart are found by nothing until this is done."""
    jobs.defer("contacts.part_words")
