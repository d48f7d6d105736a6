"""A language model is switched on, asked, cannot be reached, and says so; switched off again, no button is left."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import fresh

pytestmark = pytest.mark.e2e


def test_a_service_is_switched_on_asked_and_switched_off(people: People):
    reader = people.reader("eleanor")
    reader.open("/writing/setup/")
    reader.page.locator("input[name=address]").fill("https://127.0.0.1:9/v1")
    reader.page.locator("input[name=model]").fill("small")
    reader.page.locator("input[name=key]").fill("sk-never-shown")
    reader.page.locator("input[name=on]").check()
    reader.press("Save")
    expect(reader.main).to_contain_text("A key is kept.")
    expect(reader.page.locator("input[name=key]")).to_have_value("")
    shoot(reader.page, "writing-setup-en-1360")
    reader.press("Try it")
    expect(reader.page.locator("#toasts")).to_contain_text("private network")

    person = reader.new_person(f"Ottoline {fresh('Brake')}", project="centre")
    talk = reader.new_talk("Pumps", "The pumps run all night. Nobody sleeps.", person, project="centre")
    reader.open(talk)
    reader.press("Summarise")
    # The job runs sooner or later; the page looks again by itself.
    expect(reader.main).to_contain_text("Nothing was changed and nothing is lost.", timeout=60_000)
    expect(reader.main).to_contain_text("private network")
    shoot(reader.page, "writing-failed-en-1360")

    reader.open("/writing/setup/")
    reader.page.locator("input[name=on]").uncheck()
    reader.press("Save")
    expect(reader.main).to_contain_text("A key is kept.")
    reader.open(talk)
    expect(reader.page.locator("#themes")).to_be_visible()
    expect(reader.page.locator("#writing")).to_have_count(0)
