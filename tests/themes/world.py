"""A project with somebody in it, a talk, themes, an agent, a manager, and somebody who may see none of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.themes.models import Theme
from enishi.themes.services import create_theme
from factories import SYSTEM, agent, manager, party, project

# A Tuesday.
NOW = dt.datetime(2026, 11, 17, 9, 40, tzinfo=dt.UTC)
TEXT = "The pumps run all night.\nNobody sleeps any more.\nThank you for the new windows."
PUMPS = (0, 24)
SLEEP = (25, 48)
WINDOWS = (49, 79)


@dataclass(frozen=True)
class World:
    project: Project
    person: Party
    agent: Actor
    manager: Actor
    noise: Theme
    night: Theme
    health: Theme
    talk: Interaction


def talk(actor: Actor, where: Project, people: list[Party], **values: object) -> Interaction:
    given = {
        "channel": "call",
        "occurred_at": NOW - dt.timedelta(days=1),
        "project_ids": [where.pk],
        "subject": "Pumps",
        "text": TEXT,
        "participants": [ParticipantDraft(party_id=one.pk) for one in people],
    } | values
    return log_interaction(actor, **given)  # type: ignore[arg-type]


def world() -> World:
    where = project("Tidewall East")
    person, worker, boss = party(where, "Shirin Mohtadi"), agent(where), manager(where)
    noise = create_theme(SYSTEM, name="Noise")
    return World(
        project=where,
        person=person,
        agent=worker,
        manager=boss,
        noise=noise,
        night=create_theme(SYSTEM, name="At night", parent=noise),
        health=create_theme(SYSTEM, name="Health"),
        talk=talk(worker, where, [person]),
    )
