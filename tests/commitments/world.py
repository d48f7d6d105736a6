"""A project with a person in it, an agent, a manager, and somebody who may see none of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.contacts.models import Party
from factories import agent, manager, party, project, user

# A Tuesday.
NOW = dt.datetime(2026, 11, 17, 9, 40, tzinfo=dt.UTC)


@dataclass(frozen=True)
class World:
    project: Project
    person: Party
    agent: Actor
    user: User
    manager: Actor
    other_user: User


def world() -> World:
    where = project("Tidewall East")
    acting = agent(where)
    return World(
        project=where,
        person=party(where, "Tanaka Aoi"),
        agent=acting,
        user=User.objects.get(pk=acting.user_id),
        manager=manager(where),
        other_user=user("Outside Olga"),
    )
