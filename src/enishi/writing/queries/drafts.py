"""A draft, for whoever asked for it, as long as they may read everything that it was made of."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from enishi.accounts.access import Actor
from enishi.cases.models import Case
from enishi.conversations.models import Interaction
from enishi.writing.models import Draft
from enishi.writing.queries.material import CASE, CONVERSATION


@dataclass(frozen=True)
class Source:
    """A record that was sent, with its page."""

    number: int
    record: Interaction | Case

    @property
    def url(self) -> str:
        name = "conversations:interaction" if isinstance(self.record, Interaction) else "cases:case"
        return reverse(name, args=[self.record.pk])

    @property
    def words(self) -> str:
        if isinstance(self.record, Case):
            return str(self.record)
        return self.record.subject or str(self.record.get_channel_display())


def draft(actor: Actor, draft_id: int) -> Draft:
    """One's own draft; raises Draft.DoesNotExist, also when one of its records is out of reach by now."""
    found = Draft.objects.select_related("party", "case", "interaction").get(
        pk=draft_id, user_id=actor.own_id
    )
    if len(sources(actor, found)) < len(found.sources):
        raise Draft.DoesNotExist
    return found


def sources(actor: Actor, draft: Draft) -> list[Source]:
    """What it was made of, as far as the actor may read it now, in the order of the numbers."""
    ids = {kind: [one["id"] for one in draft.sources if one["kind"] == kind] for kind in (CONVERSATION, CASE)}
    talks = Interaction.objects.visible_to(actor).filter(deleted_at__isnull=True).in_bulk(ids[CONVERSATION])
    cases = Case.objects.visible_to(actor).in_bulk(ids[CASE]) if ids[CASE] else {}
    found = []
    for one in draft.sources:
        record = talks.get(one["id"]) if one["kind"] == CONVERSATION else cases.get(one["id"])
        if record is not None:
            found.append(Source(one["number"], record))
    return found
