"""What was done about a theme: written, looked at, released and stopped again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import fresh

pytestmark = pytest.mark.e2e


def test_what_was_done_is_written_looked_at_and_stopped(people: People):
    reader = people.reader("daniel")
    reader.open("/themes/")
    reader.page.get_by_role("link", name="Noise", exact=True).first.click()
    shoot(reader.page, "done-theme-en-1360")
    reader.page.get_by_role("link", name="Tell them what was done").click()
    words = fresh("Slower at night")
    reader.page.locator("select[name=project]").select_option(label="Tidewall wind farm")
    reader.page.locator("input[name=also_unstated]").check()
    reader.page.locator("input[name=subject_en]").fill(words)
    reader.page.locator("textarea[name=text_en]").fill("Turbine 3 runs slower at night.")
    shoot(reader.page, "done-form-en-1360")
    reader.press("See who gets it")
    expect(reader.main).to_contain_text("Nothing has gone yet.")
    shoot(reader.page, "done-look-en-1360")
    reader.page.set_viewport_size({"width": 360, "height": 780})
    shoot(reader.page, "done-look-en-360")
    reader.page.set_viewport_size({"width": 1360, "height": 900})
    reader.press("Send")
    expect(reader.main).to_contain_text("On its way")
    shoot(reader.page, "done-going-en-1360")
    reader.press("Stop")
    expect(reader.main).to_contain_text("Nothing has gone yet.")
    reader.press("Throw the draft away")
    expect(reader.page.locator("#did")).not_to_contain_text("on its way")
