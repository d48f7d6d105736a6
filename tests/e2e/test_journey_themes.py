"""Words that were said get a theme and a feeling, and every number leads back to them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import PHONE, fresh
from e2e.test_journey_passage import SELECT

pytestmark = pytest.mark.e2e

SAID = {
    "eleanor": ("They asked about the meter.\nNobody sleeps because of the pumps.", "Nobody sleeps", "Pumps"),
    "negar": ("دربارهٔ کنتور پرسید.\nاز صدای پمپ‌ها کسی نمی‌خوابد.", "کسی نمی‌خوابد", "پمپ‌ها"),
}  # fmt: skip


@pytest.mark.parametrize(("who", "width"), [("eleanor", 1360), ("negar", PHONE)])
def test_what_was_meant_is_marked_counted_and_found_again(people: People, who: str, width: int):
    reader = people.reader(who, width=width)
    text, words, theme = SAID[who]
    theme = f"{theme} {fresh('')}".strip()
    person = reader.new_person(f"Ottoline {fresh('Brake')}", project="centre")
    reader.open(reader.new_talk("Meter", text, person, project="centre"))

    point = reader.page.locator("p[data-passage-source]", has_text=words)
    point.evaluate(SELECT, words)
    button = reader.page.locator("[data-passage-button=themeUrl]")
    expect(button).to_be_visible()
    button.click() if reader.on_phone else reader.page.keyboard.press("t")
    expect(reader.sheet.locator("blockquote")).to_have_text(words)
    reader.sheet.get_by_label(reader.say("A new theme")).fill(theme)
    reader.sheet.get_by_label(reader.say("Worried")).check()
    shoot(reader.page, f"theme-sheet-{reader.language}-{width}")
    reader.fits()
    reader.press("Mark", within=reader.sheet, context="verb")
    reader.is_told(reader.say("The passage is marked."))
    expect(point.locator("mark")).to_have_text(words)
    shoot(reader.page, f"theme-marked-{reader.language}-{width}")
    reader.fits()

    reader.page.locator("#themes a", has_text=theme).click()
    expect(reader.page.locator("#said blockquote")).to_have_text(words)
    expect(reader.page.locator("#speakers")).to_contain_text("Ottoline")
    shoot(reader.page, f"theme-said-{reader.language}-{width}")
    reader.fits()
    reader.press("Read it where it was said")
    expect(point.locator("mark")).to_be_in_viewport()

    reader.open("/themes/")
    shoot(reader.page, f"themes-{reader.language}-{width}")
    reader.fits()
