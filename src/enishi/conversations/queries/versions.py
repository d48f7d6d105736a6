"""Earlier versions of a conversation, worked out backwards from the history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from enishi.accounts.access import Actor
from enishi.conversations import signals
from enishi.conversations.models import Interaction
from enishi.timeline.models import Entry

_EVENTS = (signals.interaction_logged.code, signals.interaction_changed.code, signals.mail_imported.code)


@dataclass(frozen=True)
class Version:
    """One saved state; ``changes`` is what it changed of the one before."""

    number: int
    at: dt.datetime
    by: str
    changes: Mapping[str, tuple[Any, Any]]


def versions(actor: Actor, interaction: Interaction) -> list[Version]:
    """The saved states, newest first, under the right for the conversation itself.

    What was said while it was more confidential than the actor may read stays closed, and so does what lies before.
    """
    limit = Entry.scope_condition(actor.scope(Interaction.view_right))
    entries = (
        Entry.objects.unscoped("versions are read under the right for the conversation, and limited by it here")
        .filter(limit if limit is not None else Q())
        .filter(subject_type="conversations.interaction", subject_id=interaction.pk, event__in=_EVENTS)
        .order_by("-id")
    )
    found: list[Version] = []
    expected = interaction.version
    for entry in entries:
        number = int(entry.data.get("version", 1))
        if number != expected:
            break
        found.append(Version(number, entry.at, entry.actor_name, {k: (v[0], v[1]) for k, v in entry.changes.items()}))
        expected -= 1
    return found


def state_at(actor: Actor, interaction: Interaction, number: int, current: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fields as they were in that version; None when the actor cannot look back that far."""
    state = dict(current)
    for version in versions(actor, interaction):
        if version.number == number:
            return state
        for name, (before, _after) in version.changes.items():
            state[name] = before
    return None
