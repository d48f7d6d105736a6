from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from enishi.accounts.access import Level
from enishi.writing import services
from factories import SYSTEM
from themes.world import World, world
from writing.server import Writer, writing_server

KEY = "sk-nobody-may-ever-read-this"


@pytest.fixture
def inside(settings: Any) -> None:
    """Services may stand at private addresses: the server of the test does."""
    settings.ENV = dataclasses.replace(settings.ENV, private_services=True)


@pytest.fixture
def writer(inside: None) -> Iterator[Writer]:
    with writing_server() as found:
        yield found


@pytest.fixture
def here(db: None) -> World:
    return world()


@pytest.fixture
def on(here: World, writer: Writer) -> Writer:
    services.change_service(
        SYSTEM, on=True, address=writer.address, model="small", highest=Level.INTERNAL, key=KEY
    )
    return writer
