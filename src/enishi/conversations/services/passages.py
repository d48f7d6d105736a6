"""Making promises and tasks from words that were said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.commitments.models import Promise, Task
from enishi.commitments.services import make_promise, make_task
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.conversations.services.errors import ConversationError

COMMIT = "commitments.edit"


@dataclass(frozen=True)
class Passage:
    """Words of a conversation, by characters of its text; without spaces at the ends."""

    start: int
    end: int
    quote: str


def passage(interaction: Interaction, start: int, end: int) -> Passage:
    """The words between two characters; raises ConversationError when nothing stands there."""
    start, end = max(0, start), min(len(interaction.text), end)
    words = interaction.text[start:end]
    start += len(words) - len(words.lstrip())
    quote = words.strip()
    if not quote:
        raise ConversationError(_("Select the words in which it was said."), "passage")
    return Passage(start, start + len(quote), quote)


def projects_for(actor: Actor, interaction: Interaction) -> list[Project]:
    """Projects of the conversation in which the actor may write down promises and tasks."""
    mine = accounts.projects(actor, COMMIT).filter(pk__in=interaction.project_ids)
    return sorted(mine, key=lambda project: interaction.project_ids.index(project.pk))


def _project(actor: Actor, interaction: Interaction, project_id: int | None, party: Party | None) -> Project:
    mine = projects_for(actor, interaction)
    if project_id is not None:
        mine = [project for project in mine if project.pk == project_id]
    shared = [project for project in mine if party is None or project.pk in party.project_ids]
    if not mine:
        actor.require_some(COMMIT, [project_id] if project_id is not None else interaction.project_ids)
        raise ConversationError(_("Choose a project of this conversation."), "project")
    return (shared or mine)[0]


def _party(actor: Actor, interaction: Interaction, party_id: int | None) -> Party | None:
    """The one chosen, else the one contact who took part."""
    visible = Party.objects.visible_to(actor).present()
    if party_id is not None:
        found = visible.filter(pk=party_id).first()
        if found is None:
            raise ConversationError(_("This contact is no longer there. Choose somebody else."), "party")
        return found
    took_part: Iterable[Party] = visible.filter(participations__interaction=interaction).distinct()[:2]
    alone = list(took_part)
    return alone[0] if len(alone) == 1 else None


def _owner(user_id: int | None) -> User | None:
    return None if user_id is None else accounts.users().filter(pk=user_id).first()


def _level(interaction: Interaction, level: int | None) -> int:
    return max(interaction.confidentiality, level or 0)


@transaction.atomic
def promise_from_passage(
    actor: Actor,
    interaction: Interaction,
    start: int,
    end: int,
    direction: str,
    *,
    title: str = "",
    party_id: int | None = None,
    owner_id: int | None = None,
    due_at: dt.datetime | None = None,
    negative: bool = False,
    detail: str = "",
    project_id: int | None = None,
    confidentiality: int | None = None,
    **repeats: Any,
) -> Promise:
    """Write down a promise where it was said; never less confidential than the conversation.

    ``repeats`` are ``rule`` and ``shift`` of ``make_promise``. Raises ConversationError or CommitmentError.
    """
    said = passage(interaction, start, end)
    party = _party(actor, interaction, party_id)
    return make_promise(
        actor,
        project=_project(actor, interaction, project_id, party),
        title=title.strip() or said.quote[:300],
        direction=direction,
        negative=negative,
        party=party,
        owner=_owner(owner_id),
        due_at=due_at,
        detail=detail,
        quote=said.quote,
        said_in_id=interaction.pk,
        said_via=interaction.channel,
        said_at=interaction.occurred_at,
        said_start=said.start,
        said_end=said.end,
        confidentiality=_level(interaction, confidentiality),
        **repeats,
    )


@transaction.atomic
def task_from_passage(
    actor: Actor,
    interaction: Interaction,
    start: int,
    end: int,
    *,
    title: str = "",
    party_id: int | None = None,
    owner_id: int | None = None,
    due_at: dt.datetime | None = None,
    detail: str = "",
    project_id: int | None = None,
    confidentiality: int | None = None,
    **repeats: Any,
) -> Task:
    """Write down something to do where it was said; never less confidential than the conversation."""
    said = passage(interaction, start, end)
    party = _party(actor, interaction, party_id)
    return make_task(
        actor,
        project=_project(actor, interaction, project_id, party),
        title=title.strip() or said.quote[:300],
        party=party,
        owner=_owner(owner_id),
        due_at=due_at,
        detail=detail,
        quote=said.quote,
        said_in_id=interaction.pk,
        said_start=said.start,
        said_end=said.end,
        confidentiality=_level(interaction, confidentiality),
        **repeats,
    )
