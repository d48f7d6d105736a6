"""One box finds people by two characters and by any digits; whoever may not read something finds no trace of it."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import Reader, fresh, number_of

pytestmark = pytest.mark.e2e
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
CONFIDENTIAL = 2


def look_for(reader: Reader, typed: str) -> None:
    reader.page.keyboard.press("Control+k")
    box = reader.page.locator("#palette input")
    expect(box).to_be_focused()
    box.fill(typed)
    expect(reader.page.locator("#search-all")).to_contain_text(typed)


def test_the_palette_finds_by_two_characters_and_by_persian_digits(people: People):
    reader = people.reader("eleanor")
    number = f"+44 1632 9{number_of(reader.new_person('榎園 いぶき')):05d}"
    person = reader.new_person(f"{fresh('Halvard')} 榎園", phone=number)
    reader.open("/")
    look_for(reader, "榎園")
    found = reader.page.locator(f"#palette [role=option][href='{person}']")
    expect(found).to_be_visible()
    shoot(reader.page, "palette-japanese")

    look_for(reader, number.removeprefix("+44 ").translate(PERSIAN))
    expect(reader.page.locator("#palette [role=option]").first).to_have_attribute("href", person)
    expect(reader.page.locator("#palette [aria-selected=true]")).to_have_attribute("href", person)
    shoot(reader.page, "palette-digits")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url(f"**{person}")
    expect(reader.page.locator("h1")).to_contain_text("榎園")


def test_a_sealed_conversation_leaves_no_trace_for_others(people: People):
    word = fresh("Zymurgia")
    manager, agent = people.reader("negar"), people.reader("kaveh")
    person = manager.new_person(f"Ottavia {fresh('Marlo')}", project="centre")
    open_talk = manager.new_talk("Meter", "Open to all who work here.", person, project="centre")
    talk = manager.new_talk(f"{word} talk", f"{word} said so", person, level=CONFIDENTIAL, project="centre")
    manager.open(talk)
    expect(manager.page.locator("h1")).to_contain_text(word)

    places = [
        "/conversations/",
        f"/conversations/?q={quote(word)}",
        person,
        f"{person}?show=history",
        "/history/",
    ]
    assert [traces(manager, place, word) for place in places if "q=" not in place] != []
    for place in places:
        assert traces(agent, place, word) == 0, place
    agent.open(person)
    expect(agent.page.locator(".en-thread")).to_contain_text("Open to all who work here.")
    assert agent.page.goto(talk).status == 404  # type: ignore[union-attr]
    assert agent.page.goto(open_talk).status == 200  # type: ignore[union-attr]

    look_for(manager, word)
    expect(manager.page.locator(f"#palette [href='{talk}']")).to_be_visible()
    look_for(agent, word)
    expect(agent.page.locator("#palette [role=option]")).to_have_count(1)  # only the link to all results
    agent.page.keyboard.press("Enter")
    agent.page.wait_for_url("**/search/**")
    expect(agent.main).not_to_contain_text(f"{word} talk")


def traces(reader: Reader, place: str, word: str) -> int:
    """How often the word stands on that page, what it loads after itself included."""
    reader.open(place)
    waiting = reader.page.locator("#main [hx-trigger=load]")
    expect(waiting.locator(".en-sk")).to_have_count(0)
    return reader.main.inner_text().count(word)
