"""One clock for dated rules: tests say which moment it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from cases.world import NOW
from enishi.core import clock


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.datetime], None]:
    """Set the clock."""

    def set_clock(moment: dt.datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_clock(NOW)
    return set_clock
