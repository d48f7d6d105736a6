"""An interviewer takes people along, writes down a visit without a network, and sends it once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from e2e.people import People, shoot
from e2e.reader import PHONE, PROJECT_IDS, number_of

pytestmark = pytest.mark.e2e


def test_a_visit_written_without_a_network_arrives_once(people: People):
    reader = people.reader("eleanor", width=PHONE)
    page, context = reader.page, reader.page.context
    reader.open("/")
    person = reader.new_person("Aaron Aardvark-Field", phone="020 7946 0991")

    reader.open("/field/")
    reader.choose("Whom", f"project-{PROJECT_IDS['tidewall']}")
    reader.press("Take along")
    row = page.locator("[data-people] a", has_text="Aaron Aardvark-Field")
    reader.fill("Find somebody", "aardvark field")
    expect(row).to_be_visible()
    shoot(page, "field-ready-en-360")

    context.set_offline(True)
    page.reload()
    expect(page.get_by_text("No network")).to_be_visible()
    reader.fill("Find somebody", "7946 0991")
    row.click()
    expect(page.locator("[data-points]")).to_contain_text("+442079460991")
    reader.fits()
    reader.press("Write down what was said")
    reader.fill("What was said", "The ditch is full.\nWe will have it cleared.")
    reader.press("A promise was made")
    reader.fill("What was promised", "have it cleared")
    page.reload()  # the phone was restarted
    expect(reader.field("What was said")).to_have_value("The ditch is full.\nWe will have it cleared.")
    expect(reader.field("What was promised")).to_have_value("have it cleared")
    reader.fits()
    shoot(page, "field-talk-en-360")
    reader.press("Keep on this phone and send")
    entry = page.locator("[data-queue] li")
    expect(entry).to_contain_text("waits")
    expect(page.locator("a[data-waiting]")).to_have_text("Waiting: 1")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    context.route("**/field/send/", lose_the_answer, times=1)
    with page.expect_request("**/field/send/"):
        context.set_offline(False)
    expect(page.get_by_text("No network")).to_be_visible()
    expect(entry).to_contain_text("waits")
    reader.press("Send now")
    expect(entry).to_contain_text("was there already")
    reader.fits()
    shoot(page, "field-arrived-en-360")

    reader.open(f"/people/{number_of(person)}/")
    expect(page.get_by_role("link", name="The ditch is full.", exact=True)).to_have_count(1)
    expect(reader.main).to_contain_text("have it cleared")

    # The number is corrected without a network, and by a colleague in the office at the same time.
    reader.open("/field/")
    context.set_offline(True)
    reader.fill("Find somebody", "aardvark")
    row.click()
    reader.press("Correct", context="verb")
    page.locator("[data-correct] input[type=tel]").first.fill("020 7946 0993")
    reader.fits()
    shoot(page, "field-correct-en-360")
    reader.press("Keep on this phone and send")
    expect(page.locator("[data-queue] li", has_text="Correction")).to_contain_text("waits")
    office = people.reader("daniel")
    office.open(f"/people/{number_of(person)}/")
    found = re.search(r"/people/\d+/points/\d+/", office.page.content())
    assert found
    office.post(found[0], {"typed": "020 7946 0992", "label": "mobile", "status": "unchecked"})
    context.set_offline(False)
    mine = page.locator("[data-queue] li", has_text="Correction")
    expect(mine).to_contain_text("your choice")
    reader.press("Somebody new")
    reader.fill("Name", "Bo Aardvark-Neighbour")
    reader.fill("Phone", "020 7946 0994")
    reader.fill("What was said", "She lives next door.")
    shoot(page, "field-new-en-360")
    reader.press("Keep on this phone and send")
    expect(page.locator("[data-queue] li", has_text="Bo Aardvark-Neighbour")).to_contain_text("arrived")
    mine.get_by_role("link").click()
    expect(page.locator("[data-clashes]")).to_contain_text("020 7946 0992")
    page.get_by_label("Mine").check()
    reader.fits()
    shoot(page, "field-conflict-en-360")
    reader.press("Send what I chose")
    expect(mine).to_contain_text("arrived")
    reader.open(f"/people/{number_of(person)}/")
    expect(reader.main).to_contain_text("0993")

    reader.open("/field/")
    reader.press("Take off this phone")
    reader.press("Take off", within=page.locator("#take-off"))
    expect(page.locator("[data-people]")).to_be_hidden()
    # The browser tells of each request that the missing network lost: that is what was wanted here.
    people.complaints[:] = [one for one in people.complaints if "net::ERR_" not in one]
