"""A project with a person in it, an agent, two managers, and somebody who may see none of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from enishi.accounts.access import Actor, Via
from enishi.accounts.models import Project, User
from enishi.accounts.queries import actor as actor_of
from enishi.cases.models import Case
from enishi.cases.services import open_case
from enishi.contacts.models import Party
from factories import agent, manager, outsider, party, project

# A Tuesday.
NOW = dt.datetime(2026, 11, 17, 9, 40, tzinfo=dt.UTC)


@dataclass(frozen=True)
class World:
    project: Project
    person: Party
    agent: Actor
    manager: Actor
    second: Actor
    outsider: Actor

    def case(self, kind: str = "issue", *, by: Actor | None = None, **values: Any) -> Case:
        given = {"project": self.project, "kind": kind, "title": "Dust at the school gate", **values}
        return open_case(by or self.manager, **given)


def world(country: str = "GB") -> World:
    where = project("Tidewall East", country=country)
    return World(where, party(where, "Tanaka Aoi"), agent(where), manager(where), manager(where), outsider())


def user_of(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


def again(actor: Actor) -> Actor:
    """The same person with a new request: rights are read once for each."""
    return actor_of(user_of(actor), via=Via.WEB)
