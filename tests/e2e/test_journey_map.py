"""Around the site: who lives where, the two kilometres around a village, the same people as a list; on a phone, by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("who", "width"), [("daniel", 1360), ("negar", 360)])
def test_from_the_map_to_exactly_the_people_of_an_area(people: People, who: str, width: int):
    reader = people.reader(who, width=width)
    page = reader.page
    reader.open("/people/map/?at=55.545,-1.68")
    marks = page.locator(".en-map .en-dot")
    expect(marks.first).to_be_visible()
    expect(page.locator(".en-map path.land").first).to_be_attached()
    shoot(page, f"map-{reader.language}-{width}")
    page.locator("[data-map-middle]").click()
    page.locator("[name=km]").fill("2")
    page.locator("[data-map-circle] button:not([type=button])").click()
    expect(page.locator(".en-map path.area")).to_be_attached()
    expect(page.locator("#towns tbody tr").first).to_be_visible()
    shoot(page, f"map-area-{reader.language}-{width}")
    people_there = sum(
        int("".join(filter(str.isdecimal, cell)))
        for cell in page.locator("#towns tbody td:nth-child(2)").all_inner_texts()
    )
    page.locator("header a[href^='/people/?']").click()
    expect(page.locator("#people tbody tr")).to_have_count(people_there)


@pytest.mark.parametrize("width", [1360, 360])
def test_the_map_is_coloured_by_what_people_think(people: People, width: int):
    reader = people.reader("daniel", width=width)
    page = reader.page
    reader.open("/people/map/")
    expect(page.locator(".en-map .en-dot").first).to_be_visible()
    offered = page.locator("#id_colour option", has_text="wind farm")
    page.locator("#id_colour").select_option(offered.first.get_attribute("value"))
    page.locator("form:has(#id_colour) button").click()
    rated = page.locator(".en-map .en-dot[class*=' t-']:not(.t-unknown)")
    expect(rated.first).to_be_visible()
    expect(page.locator("#towns th .en-mapkey")).to_have_count(5)
    shoot(page, f"map-position-{reader.language}-{width}")


def test_an_area_is_drawn_by_keyboard_and_a_mark_opens_its_people(people: People):
    reader = people.reader("daniel")
    page = reader.page
    reader.open("/people/map/?at=55.545,-1.68")
    expect(page.locator(".en-map .en-dot").first).to_be_visible()
    page.locator("[data-map-draw]").focus()
    page.keyboard.press("Enter")
    frame = page.locator(".en-map")
    expect(frame).to_be_focused()
    # A square of six steps around the village.
    for moves in (["ArrowDown", "ArrowLeft"] * 3, ["ArrowUp"] * 6, ["ArrowRight"] * 6, ["ArrowDown"] * 6):
        for move in moves:
            page.keyboard.press(move)
            page.wait_for_timeout(60)
        page.keyboard.press("Enter")
    shoot(page, "map-drawing")
    page.locator("[data-map-use]").click()
    page.wait_for_url("**/people/map/?f=*")
    expect(page.locator(".en-map path.area")).to_be_attached()
    dot = page.locator(".en-map .en-dot").first
    dot.focus()
    page.keyboard.press("Enter")
    link = page.locator(".en-map-pop a").first
    expect(link).to_be_visible()
    link.click()
    page.wait_for_url("**/people/**")
    expect(page.locator("h1").first).to_be_attached()


def test_the_zone_of_a_site_opens_its_people_and_one_of_them_their_relations(people: People):
    reader = people.reader("ren")
    page = reader.page
    reader.open("/projects/")
    page.locator("main a[href^='/projects/']").filter(has_text="Tidewall East").first.click()
    page.locator("a[href$='/map/'][href^='/projects/']").first.click()
    expect(page.locator(".en-map path.layer").first).to_be_attached()
    shoot(page, "map-project-ja")
    page.locator("#layers a[href^='/people/?']").first.click()
    person = page.locator("#people tbody a[href^='/people/']").first
    expect(person).to_be_visible()
    reader.open(f"{person.get_attribute('href')}relations/")
    expect(page.locator("h1")).to_be_visible()
    shoot(page, "relations-ja")
