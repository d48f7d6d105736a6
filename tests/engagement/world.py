"""A project with stakeholders, people who may see and rate them, and somebody who may not know any of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.test import Client

from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.contacts.models import Party
from enishi.engagement.models import Rating
from enishi.engagement.services import Judgement, rate
from factories import agent, manager, party, project

# A Tuesday.
NOW = dt.datetime(2026, 11, 17, 9, 40, tzinfo=dt.UTC)
TODAY = NOW.date()


def day(back: int) -> dt.date:
    return TODAY - dt.timedelta(days=back)


@dataclass(frozen=True)
class World:
    project: Project
    aoi: Party
    guild: Party
    agent: Actor
    manager: Actor


def world() -> World:
    where = project("Tidewall East")
    return World(
        project=where,
        aoi=party(where, "Tanaka Aoi", email="aoi@tanaka.example"),
        guild=party(where, "Harbour Pilots Guild", kind="organisation"),
        agent=agent(where),
        manager=manager(where),
    )


def judged(
    here: World,
    who: Party,
    influence: int,
    interest: int,
    *,
    impact: int = 3,
    position: int | None = None,
    back: int = 0,
    by: Actor | None = None,
    **more: Any,
) -> Rating:
    """Rate somebody so many days before today."""
    made, _entry = rate(
        by or here.agent,
        project=here.project,
        party=who,
        judgement=Judgement(impact, interest, influence, position),
        reason="Said so at the pier",
        rated_on=day(back),
        **more,
    )
    return made


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client
