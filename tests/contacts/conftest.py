"""One project, one agent of it who is signed in, and one contact."""

from __future__ import annotations

import pytest

from contacts.editing import as_user
from enishi.contacts.models import Party
from factories import agent, party, project


@pytest.fixture
def here():
    return project("Tidewall East")


@pytest.fixture
def actor(here):
    return agent(here)


@pytest.fixture
def client(actor):
    return as_user(actor)


@pytest.fixture
def shirin(here) -> Party:
    return party(
        here, "Shirin Mohtadi", email="s.mohtadi@ushio.example", family_name="Mohtadi", given_name="Shirin"
    )
