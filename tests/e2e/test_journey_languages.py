"""Somebody changes the language and the colours from the menu, and finds everything in its place."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e
DARK, LIGHT = 0.25, 0.75
BRIGHTNESS = """() => {
    const canvas = document.createElement('canvas').getContext('2d')
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data
    return (r + g + b) / 765
}"""


def test_the_language_and_the_colours_are_changed_from_the_menu(people: People):
    reader = people.reader("daniel")
    reader.open("/people/")
    menu = reader.page.locator(".en-nav-foot details")
    try:
        for language, direction in (("ja", "ltr"), ("fr", "ltr"), ("fa", "rtl")):
            menu.locator("summary").click()
            menu.locator(f"button[name=language][value={language}]").click()
            expect(reader.page.locator("html")).to_have_attribute("lang", language)
            expect(reader.page.locator("html")).to_have_attribute("dir", direction)
            reader.language = language
            expect(reader.page.locator("#nav [aria-current=page]")).to_contain_text(reader.say("Contacts"))
            shoot(reader.page, f"language-{language}")
        assert reader.page.evaluate(BRIGHTNESS) > LIGHT
        nav, main = reader.page.locator("#nav").bounding_box(), reader.main.bounding_box()
        assert nav and main and nav["x"] > main["x"], "the places stand on the right"

        menu.locator("summary").click()
        menu.locator("button[name=theme][value=dark]").click()
        expect(reader.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        assert reader.page.evaluate(BRIGHTNESS) < DARK
        shoot(reader.page, "language-fa-dark")
    finally:
        reader.post("/choose/", {"language": "en", "theme": "auto"})
