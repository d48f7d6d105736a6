"""One clock: every report of the tests is of the same morning."""

from __future__ import annotations

import pytest

from enishi.core import clock
from reports.world import NOW, World, world


@pytest.fixture
def here(db, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return world()
