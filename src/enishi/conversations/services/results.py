"""What came out of a meeting: proposals from its minutes, and writing down those that somebody confirms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.commitments.models import Promise, Task
from enishi.conversations.minutes import OURS, TASK, Found, Known, known, read_minutes
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.queries.born import born_from, marks_of
from enishi.conversations.queries.interactions import visible_participants
from enishi.conversations.services.errors import Conflict, ConversationError
from enishi.conversations.services.passages import promise_from_passage, task_from_passage

VIEW_COMMITMENTS = "commitments.view"


@dataclass(frozen=True)
class ResultDraft:
    """One result as somebody confirmed it. ``start`` and ``end`` are characters of the text in which it was said."""

    start: int
    end: int
    kind: str
    title: str
    owner_id: int | None = None
    party_id: int | None = None
    due_at: dt.datetime | None = None
    negative: bool = False


@dataclass(frozen=True)
class Results:
    promises: Sequence[Promise]
    tasks: Sequence[Task]

    @property
    def count(self) -> int:
        return len(self.promises) + len(self.tasks)


def owners_for(actor: Actor, interaction: Interaction) -> list[User]:
    """Colleagues who may read what is written down from this conversation."""
    return list(accounts.takers(VIEW_COMMITMENTS, interaction.project_ids, interaction.confidentiality))


def proposals(actor: Actor, interaction: Interaction) -> list[Found]:
    """What the text says is to be done or was promised, without what was written down from these words already.

    Writes nothing; days are counted from when it was said.
    """
    born = born_from(actor, [interaction.pk])[interaction.pk]
    taken = [(mark.start, mark.end) for mark in marks_of(interaction, born)]
    found = read_minutes(
        interaction.text,
        now=timezone.localtime(interaction.occurred_at),
        language=interaction.language or actor.language,
        people=_people(actor, interaction),
    )
    return [one for one in found if not any(one.start < end and start < one.end for start, end in taken)]


def _people(actor: Actor, interaction: Interaction) -> list[Known]:
    """Who can be meant by a name: who took part, and colleagues who may read it."""
    took_part = visible_participants(actor, [interaction.pk])
    parties = {one.party_id: one for one in took_part if one.party_id is not None}
    named = {one.name for one in took_part if one.party_id is None and one.user_id is None and one.name}
    return [
        *(known(f"user:{user.pk}", user.name, ours=True) for user in owners_for(actor, interaction)),
        *(
            known(f"party:{pk}", one.party.full_name, ours=False, also=_other_names(one))
            for pk, one in parties.items()
            if one.party is not None
        ),
        *(known(f"name:{name}", name, ours=False) for name in named),
    ]


def _other_names(participant: Participant) -> list[str]:
    party = participant.party
    if party is None:
        return []
    told = [party.family_name, party.given_name, participant.name]
    for script in party.names.values():
        told += [script.get("full", ""), script.get("family", ""), script.get("given", "")]
    return [name for name in told if name]


@transaction.atomic
def write_down_results(
    actor: Actor,
    interaction: Interaction,
    drafts: Iterable[ResultDraft],
    *,
    version: int | None = None,
    project_id: int | None = None,
) -> Results:
    """Make promises and tasks of what was confirmed, each where it was said; all of them or none.

    With ``version``, raises Conflict when the text was changed meanwhile; ConversationError when nothing was confirmed,
    CommitmentError for what cannot be used.
    """
    confirmed = list(drafts)
    if version is not None and version != interaction.version:
        raise Conflict(interaction.version)
    if not confirmed:
        raise ConversationError(_("Choose what is to be written down, or leave the page."), "keep")
    promises: list[Promise] = []
    tasks: list[Task] = []
    for draft in confirmed:
        place = (actor, interaction, draft.start, draft.end)
        if draft.kind == TASK:
            tasks.append(
                task_from_passage(
                    *place,
                    title=draft.title,
                    owner_id=draft.owner_id,
                    party_id=draft.party_id,
                    due_at=draft.due_at,
                    project_id=project_id,
                )
            )
        else:
            promises.append(
                promise_from_passage(
                    *place,
                    "ours" if draft.kind == OURS else "theirs",
                    title=draft.title,
                    owner_id=draft.owner_id,
                    party_id=draft.party_id,
                    due_at=draft.due_at,
                    negative=draft.negative,
                    project_id=project_id,
                )
            )
    return Results(promises, tasks)
