"""Two people open one contact: each sees the other there, and that they change something; whoever switched it off is not shown."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import fresh

pytestmark = pytest.mark.e2e


def test_two_see_each_other_at_a_contact(people: People):
    first, second = people.reader("daniel"), people.reader("eleanor")
    person = first.new_person(f"Ottoline {fresh('Kestrel')}")
    first.open(person)
    here = first.page.locator("[data-here]")
    expect(here).to_be_hidden()
    second.open(person)
    expect(here).to_contain_text("Eleanor")
    expect(second.page.locator("[data-here]")).to_contain_text("Daniel")
    expect(here).to_contain_text("looks at this too")
    shoot(first.page, "presence-en-1360")
    second.page.locator("#main form textarea, #main form input[type=text]").first.type("Called")
    expect(here).to_contain_text("is changing this")
    second.open("/promises/")
    expect(here).to_be_hidden()

    second.open("/settings/account/")
    second.page.locator("input[name=shows_presence]").uncheck()
    second.page.locator("#main form").first.get_by_role("button").click()
    expect(second.page.locator("input[name=shows_presence]")).not_to_be_checked()
    second.open(person)
    expect(here).to_be_hidden()
    second.open("/settings/account/")
    second.page.locator("input[name=shows_presence]").check()
    second.page.locator("#main form").first.get_by_role("button").click()
    expect(second.page.locator("input[name=shows_presence]")).to_be_checked()
    second.open(person)
    expect(here).to_contain_text("Eleanor")
