"""Making a report, proving it, and having it sent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


def test_make_a_report_prove_it_and_fetch_it(people: People) -> None:
    page = people("daniel")
    page.goto("/reports/")
    page.get_by_role("link", name="Make a report").first.click()
    page.get_by_role("link", name="Engagement register").click()
    page.get_by_role("button", name="Look first").click()
    expect(page.locator("#preview h2")).to_have_text(re.compile(r"\d+ rows"))
    page.get_by_role("button", name="Freeze the report").click()
    expect(page.locator("article h1")).to_have_text(re.compile("We talked with"))
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#seal")).to_contain_text("verified")
    with page.expect_download() as download:
        page.locator("#formats").get_by_role("link", name="Package").click()
    assert re.fullmatch(r"engagement-.*\.zip", download.value.suggested_filename)
    page.get_by_role("link", name="Send it regularly").click()
    page.get_by_label("Daniel Okafor").check()
    page.get_by_role("button", name="Send from now on").click()
    expect(page.locator("#state")).to_contain_text("Daniel Okafor")
    shoot(page, "report-scheduled")


def test_a_report_in_japanese_on_a_phone(people: People) -> None:
    page = people("ren", width=360, height=780)
    page.goto("/reports/")
    page.locator("table a").first.click()
    expect(page.locator("article h1")).to_be_visible()
    shoot(page, "report-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
