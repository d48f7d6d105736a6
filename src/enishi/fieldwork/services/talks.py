"""Visits, calls and meetings that were written down without a network."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden
from enishi.accounts.models import Project, User
from enishi.commitments.services import make_promise
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.services import ParticipantDraft, log_interaction, said_in
from enishi.core import clock
from enishi.core.dates import parse_datetime
from enishi.core.fields import CLOSE
from enishi.fieldwork.queries import LOG
from enishi.fieldwork.services.people import enter, person_of
from enishi.fieldwork.services.sent import Said, Talk

HEADLINE = 120


def log_talk(actor: Actor, talk: Talk) -> Interaction:
    """Log what was said with the promises made; all of it or nothing."""
    project = writable(actor, talk.project, LOG)
    party = enter(actor, talk.who.new, project) if talk.who.new else person_of(actor, talk.who)
    first = talk.text.strip().split("\n", 1)[0]
    interaction = log_interaction(
        actor,
        channel=talk.channel,
        occurred_at=_moment(talk.when) if talk.when else min(talk.written_at, clock.now()),
        project_ids=[project.pk],
        participants=[ParticipantDraft(Participant.Role.WITH, party_id=party.pk)],
        subject=first if len(first) <= HEADLINE else first[: HEADLINE - 1].rstrip() + "…",
        text=talk.text,
    )
    for said in talk.promises:
        _promise(actor, interaction, said, party, project)
    return interaction


def _promise(actor: Actor, interaction: Interaction, said: Said, party: Party, project: Project) -> None:
    make_promise(
        actor,
        project=project,
        title=said.title,
        direction=said.side,
        party=party,
        owner=User.objects.filter(pk=actor.own_id).first(),
        due_at=_due(said.due) if said.due else None,
        **said_in(interaction, interaction.text, said.title, via=True),
    )


def writable(actor: Actor, project_id: int, right: str) -> Project:
    """The project, if one may write there; Forbidden for one that is only seen, DoesNotExist for any other."""
    found = accounts.projects(actor, right).filter(pk=project_id).first()
    if found is None:
        accounts.project(actor, project_id)
        raise Forbidden(right)
    return found


def _moment(written: str) -> dt.datetime:
    return parse_datetime(written, timezone.get_current_timezone())


def _due(written: str) -> dt.datetime:
    """A day without a time ends with the office's day, as in every form."""
    local = timezone.localtime(_moment(written))
    return local.replace(hour=CLOSE) if local.time() == dt.time() else local
