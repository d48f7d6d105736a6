"""One clock: every report of the tests is of the same morning."""

from __future__ import annotations

import datetime as dt

import pytest

from enishi.core import clock
from reports.world import NOW, World, world


@pytest.fixture
def here(db, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return world()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[dt.datetime]:
    """The moment at which the clock stands, to be moved."""
    moment = [NOW]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    return moment
