"""A stakeholder is rated, moved in the matrix by the keyboard (in the list on a phone), replayed, taken back, and planned as suggested."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import PHONE, PROJECT_IDS, Reader, fresh

pytestmark = pytest.mark.e2e


def cell_of(reader: Reader, name: str) -> str | None:
    dot = reader.page.locator(".en-matrix .dot", has_text=name)
    return dot.locator("xpath=ancestor::*[@data-cell]").get_attribute("data-cell")


def rate_first(reader: Reader, name: str) -> None:
    """From the list of those who are not rated yet."""
    reader.page.locator("#people li", has_text=name).get_by_role("link").last.click()
    for label, value in (
        ("Influence on the project", "2"),
        ("Interest in the project", "2"),
        ("Impact of the project on them", "4"),
    ):
        reader.choose(label, value)
    reader.press("Rate", within=reader.sheet, context="verb")
    reader.is_told(reader.pattern("Rated: %(name)s"))


@pytest.mark.parametrize(("who", "width"), [("eleanor", 1360), ("negar", PHONE)])
def test_a_stakeholder_is_rated_moved_and_taken_back(people: People, who: str, width: int):
    reader = people.reader(who, width=width)
    name = f"Philippa {fresh('Moor')}"
    reader.new_person(name, project="centre")
    address = f"/projects/{PROJECT_IDS['centre']}/stakeholders/?q={name.split()[1]}"
    reader.open(f"{address}&list=unrated")
    rate_first(reader, name)

    reader.open(address)
    assert cell_of(reader, name) == "2-2"
    shoot(reader.page, f"matrix-{reader.language}-{width}")
    reader.fits()
    if reader.on_phone:
        reader.page.locator("#people tr", has_text=name).get_by_role("link").last.click()
        reader.choose("Influence on the project", "3")
        reader.choose("Interest in the project", "3")
    else:
        dot = reader.page.locator(".en-matrix .dot", has_text=name)
        dot.focus()
        for key in (" ", "ArrowUp", "ArrowRight", " "):
            dot.press(key)
    expect(reader.field("Influence on the project")).to_have_value("3")
    expect(reader.field("Interest in the project")).to_have_value("3")
    reader.fill("Reason", "Asked for the plans")
    shoot(reader.page, f"matrix-rate-{reader.language}-{width}")
    reader.press("Rate", within=reader.sheet, context="verb")
    reader.is_told(reader.pattern("Rated: %(name)s"))
    expect(reader.page.locator('[data-cell="3-3"] .dot', has_text=name)).to_be_attached()
    if reader.on_phone:
        expect(reader.page.locator("#people tr", has_text=name).get_by_role("link").last).to_be_focused()
    reader.takes_it_back()
    expect(reader.page.locator('[data-cell="2-2"] .dot', has_text=name)).to_be_attached()

    reader.open(f"/projects/{PROJECT_IDS['centre']}/plan/?state=suggested")
    shoot(reader.page, f"suggested-{reader.language}-{width}")
    reader.fits()
    reader.page.locator("#suggested li", has_text=name).get_by_role("link").last.click()
    expect(reader.field("Method")).to_have_value("consult")
    expect(reader.field("Repeats")).to_have_value("FREQ=MONTHLY;INTERVAL=3")
    reader.fill("What for", "Hear what the route means to her")
    reader.press("Plan", within=reader.page.locator("form.en-form"), context="verb")
    reader.is_told(reader.say("Planned"))
    expect(reader.page.locator("#suggested li", has_text=name)).to_have_count(0)


def test_the_matrix_of_the_demo_is_replayed_and_its_gaps_open_their_people(people: People):
    reader = people.reader("daniel")
    project = f"/projects/{PROJECT_IDS['tidewall']}/"
    reader.open(f"{project}stakeholders/")
    shoot(reader.page, "matrix-demo")
    reader.press("Earlier")
    expect(reader.main).to_contain_text(reader.pattern("As it was on %(day)s."))
    reader.press("Back to today")
    reader.open(f"{project}stakeholders/gaps/")
    shoot(reader.page, "gaps-demo")
    number = reader.page.locator("#gap-consent td.aside")
    expected = number.inner_text()
    number.get_by_role("link").click()
    expect(reader.page.locator("#people tbody tr")).to_have_count(int(expected))
