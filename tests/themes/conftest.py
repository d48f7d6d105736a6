"""One clock for periods: tests say which moment it is."""

from __future__ import annotations

import pytest

from enishi.core import clock
from themes.world import NOW, World, world


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def here(db: None) -> World:
    return world()
