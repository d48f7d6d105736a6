"""Words that were said become a promise and a task, and lead back to where they were said."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from e2e.people import People, shoot
from e2e.reader import PHONE, Reader, fresh

pytestmark = pytest.mark.e2e

SAID = {
    "eleanor": ("They asked about the meter.\nWe will send the readings by Friday.", "send the readings", "asked about"),
    "negar": ("دربارهٔ کنتور پرسید.\nقرائت‌ها را تا جمعه می‌فرستیم.", "قرائت‌ها را", "کنتور"),
}  # fmt: skip
SELECT = """(text, words) => {
    const node = [...text.childNodes].find(child => child.textContent.includes(words))
    const inside = node.firstChild ?? node
    const range = document.createRange(), start = inside.textContent.indexOf(words)
    range.setStart(inside, start)
    range.setEnd(inside, start + words.length)
    document.getSelection().removeAllRanges()
    document.getSelection().addRange(range)
}"""


def point(reader: Reader, words: str) -> Locator:
    return reader.page.locator("p[data-passage-source]", has_text=words)


def mark(reader: Reader, words: str) -> None:
    """Select words: the form opens by the key, or by the button beside them on a phone."""
    point(reader, words).evaluate(SELECT, words)
    button = reader.page.locator("[data-passage-button=passageUrl]")
    expect(button).to_be_visible()
    if reader.on_phone:
        button.click()
    else:
        reader.page.keyboard.press("p")
    expect(reader.sheet.locator("blockquote")).to_have_text(words)


@pytest.mark.parametrize(
    ("who", "width"), [("eleanor", 1360), ("negar", 1360), ("eleanor", PHONE), ("negar", PHONE)]
)
def test_what_was_said_is_promised_and_found_again(people: People, who: str, width: int):
    reader = people.reader(who, width=width)
    text, promised, asked = SAID[who]
    person = reader.new_person(f"Ottoline {fresh('Brake')}", project="centre")
    talk = reader.new_talk("Meter", text, person, project="centre")

    reader.open(talk)
    mark(reader, promised)
    shoot(reader.page, f"passage-sheet-{reader.language}-{width}")
    reader.fits()
    reader.fill("Due", "2026-11-27T17:00")
    reader.press("Write it down", within=reader.sheet)
    reader.is_told(reader.say("Written down where it was said."))
    expect(point(reader, promised).locator("mark")).to_have_text(promised)

    mark(reader, asked)
    reader.sheet.get_by_label(reader.say("A task, no promise")).check()
    reader.press("Write it down", within=reader.sheet)
    expect(point(reader, asked).locator("mark")).to_have_text(asked)
    expect(reader.page.locator("#born li")).to_have_count(2)
    shoot(reader.page, f"passage-marked-{reader.language}-{width}")
    reader.fits()

    reader.page.locator("#born a", has_text=promised).click()
    expect(reader.page.locator("#said mark")).to_have_text(promised)
    reader.press("Read it where it was said")
    expect(point(reader, promised).locator("mark")).to_be_in_viewport()
