"""An administrator adds a webhook, sees its secret once, and sends a test."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


def test_a_webhook_is_added_and_tested(people: People):
    reader = people.reader("eleanor")
    reader.open("/webhooks/")
    shoot(reader.page, "webhooks-list-en-1360")
    reader.main.get_by_text("hooks.tidewall.example").click()
    expect(reader.main).to_contain_text("It is switched off.")

    reader.open("/webhooks/new/")
    reader.page.locator("input[name=address]").fill("https://127.0.0.1:9/hooks")
    reader.main.get_by_text("Cases", exact=True).click()
    reader.page.get_by_label("Case opened", exact=True).check()
    shoot(reader.page, "webhooks-new-en-1360")
    reader.press("Add")
    secret = reader.page.locator("#secret")
    expect(secret).to_have_value(re.compile(r"^whsec_.{44}$"))
    shoot(reader.page, "webhooks-secret-en-1360")
    # The answer to the form stands at the address of the form.
    reader.open("/webhooks/")
    reader.main.get_by_text("127.0.0.1:9").click()
    expect(secret).to_have_count(0)
    reader.press("Send a test")
    expect(reader.page.locator("#messages")).to_contain_text("A test")
    shoot(reader.page, "webhooks-one-en-1360")
    reader.page.set_viewport_size({"width": 360, "height": 780})
    shoot(reader.page, "webhooks-one-en-360")
    reader.press("Remove")
    expect(reader.main).not_to_contain_text("127.0.0.1:9")
