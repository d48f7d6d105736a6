from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project, User
from enishi.contacts.models import Party
from enishi.contacts.services import PartyDraft, PointDraft, create_party
from factories import SYSTEM, agent, manager, outsider, project

WRITTEN = "2026-11-20T09:30:00Z"


@dataclass
class Farm:
    """A project with a farmer whom an agent visits, and somebody whose record is confidential."""

    place: Project
    agent: Actor
    manager: Actor
    outsider: Actor
    farmer: Party
    hidden: Party

    def talk(self, **values: Any) -> dict[str, Any]:
        """A visit as a phone of the agent hands it in."""
        sent = {
            "key": str(uuid.uuid4()),
            "kind": "talk",
            "user": self.agent.user_id,
            "written_at": WRITTEN,
            "channel": "visit",
            "when": "",
            "who": {"party": self.farmer.pk},
            "project": self.place.pk,
            "text": "The ditch is full.\nWe will have it cleared.",
            "promises": [],
        }
        return {**sent, **values}


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def post(actor: Actor, entry: dict[str, Any]) -> Any:
    return browser(actor).post("/field/send/", entry, content_type="application/json")


@pytest.fixture
def farm(db: None) -> Farm:
    place = project("Dyke road")
    points = [
        PointDraft("phone", "+44 20 7946 0123", label="mobile"),
        PointDraft("email", "ada@farm.example"),
        PointDraft("address", "", parts={"street": "1 Mill Lane", "city": "Ely", "country": "GB"}),
    ]
    farmer = create_party(
        SYSTEM,
        PartyDraft(full_name="Ada Miller", note="Dog at the gate.", points=points),
        project_ids=[place.pk],
    )
    hidden = create_party(
        SYSTEM,
        PartyDraft(full_name="Hidden Harald", confidentiality=Level.CONFIDENTIAL),
        project_ids=[place.pk],
    )
    return Farm(place, agent(place), manager(place), outsider(), farmer, hidden)
