from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings

from architecture.world import World, make_world
from enishi.accounts import prepared


@pytest.fixture(scope="module")
def _world(django_db_setup, django_db_blocker) -> Iterator[tuple[World, Path]]:
    """Made once for all addresses; each test takes back what it does."""
    with tempfile.TemporaryDirectory(prefix="enishi-world-") as folder, django_db_blocker.unblock():
        files = Path(folder) / "files"
        with override_settings(FILES_DIR=files), transaction.atomic():
            yield make_world(), files
            transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _prepared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What every page asks can be prepared, for everybody who opens it."""
    monkeypatch.setattr(prepared, "PATIENCE", 0)


@pytest.fixture
def world(_world, db, settings) -> World:
    made, settings.FILES_DIR = _world
    return made
