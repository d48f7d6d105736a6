"""Somebody raises a grievance without a name, the team answers, and they talk on with number and passphrase."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from e2e.people import People, shoot
from e2e.reader import PHONE, PROJECT_IDS, fresh

pytestmark = pytest.mark.e2e


def test_an_anonymous_grievance_goes_both_ways(people: People, chromium: Browser, site: str) -> None:
    manager = people.reader("eleanor", width=1360)
    manager.open(f"/cases/public-page/{PROJECT_IDS['tidewall']}/")
    manager.page.locator("input[name=is_on]").check()
    manager.press("Save", context="verb")
    opened = manager.page.locator("main a[href*='/report/']")
    expect(opened).to_be_visible()
    token = re.search(r"/report/([\w-]{8,})/", opened.get_attribute("href") or "")
    assert token is not None

    outside = chromium.new_context(viewport={"width": PHONE, "height": 780}, locale="en")
    page = outside.new_page()
    page.goto(f"{site}{token[0]}")
    words = f"Dust at the gate {fresh('')}"
    page.locator("textarea[name=text]").fill(words)
    page.get_by_role("button", name="Send my report").click()
    number = page.get_by_text(re.compile(r"[A-Z]-\d{4}-\d{4}")).first
    expect(number).to_be_visible()
    shoot(page, "grievance-sent-en-360")
    said = page.locator("main").inner_text()
    case = re.search(r"[A-Z]-\d{4}-\d{4}", said)
    passphrase = re.search(r"\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}", said)
    assert case is not None and passphrase is not None, said
    outside.close()

    manager.open(f"/cases/?q={words.rsplit(maxsplit=1)[-1]}")
    manager.page.get_by_role("link", name=re.compile("Dust at the gate")).first.click()
    expect(manager.page.locator("main")).to_contain_text(case[0])
    answered = f"The road is watered from Monday {fresh('')}"
    manager.page.locator("textarea[name=text]").first.fill(answered)
    manager.page.get_by_role("button", name=re.compile("Send")).first.click()
    expect(manager.page.locator("main")).to_contain_text(answered)

    again = chromium.new_context(viewport={"width": PHONE, "height": 780}, locale="en")
    page = again.new_page()
    page.goto(f"{site}/report/talk/enter/")
    page.locator("input[name=number]").fill(case[0])
    page.locator("input[name=passphrase]").fill("0000 0000 0000 0000")
    page.locator("main form").get_by_role("button").first.click()
    expect(page.locator("main")).not_to_contain_text("Dust at the gate")
    page.locator("input[name=number]").fill(case[0])
    page.locator("input[name=passphrase]").fill(passphrase[0])
    page.locator("main form").get_by_role("button").first.click()
    expect(page.locator("main")).to_contain_text(answered)
    shoot(page, "grievance-talk-en-360")
    again.close()
