"""Journeys run in Debian's chromium against a live server of the test database."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from e2e.people import People
from e2e.site import running_site

# The browser's client keeps an event loop in this thread; Django would refuse to read the database beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the whole product with the demo in it; what one journey writes the next one finds."""
    if running := os.environ.get("ENISHI_E2E_SITE"):
        yield running
        return
    with running_site() as address:
        yield address


@pytest.fixture(scope="session")
def _people(chromium: Browser, site: str) -> People:
    return People(chromium, site)


@pytest.fixture
def people(_people: People) -> Iterator[People]:
    yield _people
    _people.leave()
